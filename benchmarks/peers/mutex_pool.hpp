// The pool that everybody writes first: a queue under a mutex, a condition variable, std::packaged_task. No trees: a
// worker that waits for a task takes no other, so that a deep tree would stop for ever.
#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "peers/futures.hpp"

namespace peers {

class mutex_pool {
 public:
  static constexpr const char* name = "mutex+condvar";
  static constexpr bool serves_several_threads = true;

  explicit mutex_pool(unsigned workers) {
    for (unsigned i = 0; i != workers; ++i) threads_.emplace_back([this] { work(); });
  }

  ~mutex_pool() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
  }

  template <class Call>
  long round_trip(Call call) {
    return submit(call).get();
  }

  template <class Call>
  long sum_of(long tasks, Call call) {
    return sum_of_futures(
        tasks, [this](auto task) { return this->submit(std::move(task)); }, call);
  }

  template <class Call>
  long sum_from_worker(long tasks, Call call) {
    return submit([this, tasks, call] { return sum_of(tasks, call); }).get();
  }

 private:
  struct job {
    virtual ~job() = default;
    virtual void run() = 0;
  };

  template <class Call>
  struct packaged_job final : job {
    explicit packaged_job(Call call) : task(std::move(call)) {}
    void run() override { task(); }
    std::packaged_task<long()> task;
  };

  template <class Call>
  std::future<long> submit(Call call) {
    auto made = std::make_unique<packaged_job<Call>>(std::move(call));
    auto result = made->task.get_future();
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(made));
    }
    arrived_.notify_one();
    return result;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      arrived_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::unique_ptr<job> next = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      next->run();
      next.reset();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::unique_ptr<job>> jobs_;
  bool closed_ = false;
  std::vector<std::jthread> threads_;  // joined first
};

}  // namespace peers
