// What a checked build, made with FILCH_CHECKED, asks at run time: whether a step is taken by its owner, whether a word can be
// what it is, whether freed memory was left alone. In other builds none of it is there. Objects are laid out alike in both.
#pragma once

#include <cstdint>

namespace filch::inline v0_1::detail {

#if defined(FILCH_CHECKED)
inline constexpr bool checked_build = true;
#else
inline constexpr bool checked_build = false;
#endif

/// Says what does not hold, and where, and ends the program.
[[noreturn]] void end_by_check(const char* what, const char* file, unsigned line) noexcept;

/// `what` is a sentence about what is wrong when the condition does not hold. The condition is computed in every build: put it
/// under `if constexpr (checked_build)` where that costs something.
inline void confirm([[maybe_unused]] bool holds, [[maybe_unused]] const char* what,
                    [[maybe_unused]] const char* file = __builtin_FILE(),
                    [[maybe_unused]] unsigned line = __builtin_LINE()) noexcept {
  if constexpr (checked_build)
    if (!holds) end_by_check(what, file, line);
}

/// What lies where an item has been: no address of an object, on any machine.
template <class T>
[[nodiscard]] T* buried() noexcept {
  return reinterpret_cast<T*>(static_cast<std::uintptr_t>(0xdead'dead'dead'deadU));
}

}  // namespace filch::inline v0_1::detail
