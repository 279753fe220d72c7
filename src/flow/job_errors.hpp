// What the future of a job throws that did not end well. Without memory for a sentence that is the reason.
#pragma once

#include <cstddef>
#include <exception>
#include <vector>

namespace filch::inline v0_1::detail {

/// After these failures; `running` if its callable runs.
[[nodiscard]] std::exception_ptr timed_out_because(const std::vector<std::exception_ptr>& failures, bool running) noexcept;

[[nodiscard]] std::exception_ptr retries_exhausted_because(const std::vector<std::exception_ptr>& before,
                                                           const std::exception_ptr& last) noexcept;

/// The reason why a job was ended before its next attempt: with the number of those that failed, if it is task_cancelled.
[[nodiscard]] std::exception_ptr ended_between_attempts(std::exception_ptr reason, std::size_t failures) noexcept;

}  // namespace filch::inline v0_1::detail
