// The sentences.
#include "flow/job_errors.hpp"

#include <string>
#include <utility>

#include <filch/detail/flow/job.hpp>
#include <filch/task/errors.hpp>

namespace filch::inline v0_1::detail {

namespace {

template <class Make>
std::exception_ptr made(Make&& make) noexcept {
  try {
    return std::make_exception_ptr(make());
  } catch (...) {
    return std::current_exception();
  }
}

std::string attempts(std::size_t failures) {
  return failures == 1 ? "its first attempt" : "its first " + std::to_string(failures) + " attempts";
}

std::string what_it_says(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& said) {
    return said.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace

std::exception_ptr timed_out_because(const std::vector<std::exception_ptr>& failures, bool running) noexcept {
  return made([&] {
    if (running)
      return timed_out("filch: the job ran when its time was up; its callable runs on until it returns, so let it take a "
                       "std::stop_token, or give it more time",
                       failures);
    if (failures.empty())
      return timed_out("filch: the job's time was up before it was started, so it never ran: give it more time, or the pool "
                       "less to do",
                       failures);
    return timed_out("filch: the job's time was up while it waited to be tried again, when " + attempts(failures.size()) +
                         " had failed; at the last one: " + what_it_says(failures.back()),
                     failures);
  });
}

std::exception_ptr retries_exhausted_because(const std::vector<std::exception_ptr>& before,
                                             const std::exception_ptr& last) noexcept {
  return made([&] {
    const std::string what = "filch: the job failed at each of its " + std::to_string(before.size() + 1) +
                             " attempts; at the last one: " + what_it_says(last);
    std::vector<std::exception_ptr> failures(before);
    failures.push_back(last);
    return retries_exhausted(what, std::move(failures));
  });
}

std::exception_ptr ended_between_attempts(std::exception_ptr reason, std::size_t failures) noexcept {
  try {
    std::rethrow_exception(reason);
  } catch (const task_cancelled&) {
    return made([&] {
      return task_cancelled("filch: the job was cancelled while it waited to be tried again, when " + attempts(failures) +
                            " had failed");
    });
  } catch (...) {
    return reason;
  }
}

}  // namespace filch::inline v0_1::detail
