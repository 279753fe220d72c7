// A hash that takes time: three nanoseconds or so a round at 3 GHz, one after the other.
#pragma once

#include <cstdint>

namespace suite {

constexpr std::uint64_t mix(std::uint64_t value, int rounds = 1) {
  for (int round = 0; round != rounds; ++round) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    value ^= value >> 31;
  }
  return value;
}

}  // namespace suite
