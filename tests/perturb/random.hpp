// Numbers drawn by chance, repeatably.
#pragma once

#include <cstdint>

namespace filch_perturb {

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
inline std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// The next number of a sequence whose state is the argument.
inline std::uint64_t draw_from(std::uint64_t& state) noexcept { return mix(state += 0x9e3779b97f4a7c15); }

}  // namespace filch_perturb
