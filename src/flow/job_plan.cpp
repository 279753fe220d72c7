// From what was asked to what is done, and how long a job waits for its next attempt.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <filch/detail/flow/job.hpp>
#include <filch/detail/task/wait.hpp>

namespace filch::inline v0_1::detail {

namespace {

constexpr int most_attempts = 1'000'000;

void require(bool holds, const char* sentence) {
  if (!holds) throw std::invalid_argument(sentence);
}

void check(const retry_options& retry) {
  require(retry.attempts >= 1 && retry.attempts <= most_attempts,
          "filch: retry_options::attempts counts the first one too: give it 1 to 1,000,000");
  require(retry.wait >= retry.wait.zero() && retry.longest >= retry.longest.zero(),
          "filch: retry_options::wait or longest is negative: give it 0 to try again at once, or more");
  require(retry.factor >= 1 && std::isfinite(retry.factor),
          "filch: retry_options::factor is less than 1 or no number: give it 1 for waits of the same length, or more");
  require(retry.jitter >= 0 && retry.jitter <= 1,
          "filch: retry_options::jitter is not between 0, which leaves nothing to chance, and 1");
}

// SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014), as a number in [0, 1).
double chance(std::uint64_t number) noexcept {
  number += 0x9e3779b97f4a7c15U;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((number ^ (number >> 31)) >> 11) * 0x1p-53;
}

}  // namespace

job_plan plan_job(const job_options& options, bool repeatable) {
  using clock = std::chrono::steady_clock;
  check(options.retry);
  require(repeatable || options.retry.attempts == 1,
          "filch: the callable can be called once only, since it takes one of its arguments away or is not callable as an "
          "lvalue: let it take them by reference, or leave out retry_options::attempts");
  require(!options.timeout || *options.timeout > options.timeout->zero(),
          "filch: job_options::timeout is zero or less, so the job would be over before it starts: give it more");
  return {options.task.priority,
          options.task.stop,
          clock::time_point::min(),
          options.deadline.value_or(clock::time_point::max()),
          options.timeout.value_or(clock::duration::max()),
          options.retry.attempts == 1 ? nullptr : options.limiter,
          options.retry};
}

void refuse_result() {
  throw std::invalid_argument(
      "filch: the result of a job with attempts, a timeout or a deadline is moved, and this one cannot be: return a "
      "std::unique_ptr to it");
}

std::chrono::nanoseconds wait_after(const retry_options& options, int failures, std::uint64_t number) noexcept {
  if (options.wait == options.wait.zero()) return options.wait;  // however often it is doubled
  const auto longest = static_cast<double>(options.longest.count());
  const double whole = std::min(longest, static_cast<double>(options.wait.count()) * std::pow(options.factor, failures - 1));
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(whole * (1 - options.jitter * chance(number)), 0x1p62)));
}

}  // namespace filch::inline v0_1::detail
