// Where the constructor waits until every worker is in its place, and learns what went wrong on the way.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace filch::inline v0_1::detail {

class start_gate {
 public:
  /// A worker has arrived, with an error or without.
  void arrive(std::exception_ptr error) {
    const std::scoped_lock lock(mutex_);
    if (error && !first_error_) first_error_ = std::move(error);
    ++arrived_;
    changed_.notify_all();
  }

  /// Blocks until `workers` have arrived in all; the first error among them, if any.
  [[nodiscard]] std::exception_ptr wait_for(unsigned workers) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= workers; });
    return std::exchange(first_error_, nullptr);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned arrived_ = 0;
  std::exception_ptr first_error_;
};

}  // namespace filch::inline v0_1::detail
