// The version, said once. The build reads it from here, and the archive carries a symbol named after it, so that a
// program whose headers and archive differ fails at link time instead of at run time.
#pragma once

#define FILCH_VERSION_MAJOR 0
#define FILCH_VERSION_MINOR 1
#define FILCH_VERSION_PATCH 0
#define FILCH_VERSION_STRING "0.1.0"

#if !defined(__cpp_exceptions)
#error "filch needs exceptions: futures rethrow what tasks threw. Remove -fno-exceptions."
#endif
#if __cplusplus < 202002L
#error "filch needs C++20: compile with -std=c++20 or later."
#endif

namespace filch::inline v0_1 {

namespace detail {
/// Defined in the archive under exactly this name. An undefined reference to it means that libfilch.a is not the
/// version whose headers you compile with: install both from one build.
void archive_is_filch_0_1_0() noexcept;
}  // namespace detail

/// The version of the headers, "major.minor.patch".
[[nodiscard]] constexpr const char* version() noexcept { return FILCH_VERSION_STRING; }

}  // namespace filch::inline v0_1
