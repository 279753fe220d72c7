// A pool without workers, for the tests of what lies below the runtime: it keeps what is queued until the test runs it,
// refuses when told to, and proves that every block came home.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <stop_token>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/exception_tally.hpp>
#include <filch/detail/task/make_task.hpp>
#include <filch/detail/task/task_node.hpp>
#include <filch/detail/task/task_pool.hpp>
#include <filch/task/errors.hpp>

#include "memory/slab.hpp"
#include "task/thread_role.hpp"

namespace filch_tests {

class fake_pool final : public filch::detail::task_pool {
 public:
  /// The thread that makes the pool is the one that makes tasks.
  fake_pool() : slab_(filch::detail::slab::create()) { filch::detail::this_thread_slab = slab_; }
  ~fake_pool() {
    while (run_next()) {}
    slab_->trim();
    EXPECT_EQ(slab_->blocks_out(), 0U) << "a task leaked";
    filch::detail::this_thread_slab = nullptr;
    slab_->orphan();
    tally_->drop_holder();
  }

  void* allocate(std::size_t bytes, std::size_t alignment) override {
    if (std::exchange(out_of_memory, false)) throw std::bad_alloc();
    return filch::detail::fits_a_slab(bytes, alignment) ? slab_->allocate(bytes)
                                                        : filch::detail::allocate_from_heap(bytes, alignment);
  }
  void enqueue(filch::detail::task_node* const* tasks, std::size_t count) override {
    if (refusing) throw filch::closed("closed for the test");
    if (no_room) throw std::bad_alloc();
    const std::scoped_lock lock(mutex_);
    queued_.insert(queued_.end(), tasks, tasks + count);
  }
  void enqueue_with(filch::priority rank, filch::detail::task_node* const* tasks, std::size_t count) override {
    last_rank = rank;
    enqueue(tasks, count);
  }
  void reserve(filch::priority) override {
    if (refusing) throw filch::closed("closed for the test");
    ++reserved;
  }
  void enqueue_reserved(filch::priority rank, filch::detail::task_node& waited) override {
    filch::detail::task_node* const task = &waited;
    last_rank = rank;
    if (no_room) throw std::bad_alloc();
    const std::scoped_lock lock(mutex_);
    queued_.push_back(task);
    --reserved;
  }
  filch::detail::task_node& make_and_enqueue(std::size_t bytes, std::size_t alignment, make_function make,
                                             void* context) override {
    filch::detail::task_node* const made = make(context, allocate(bytes, alignment));
    filch::detail::discard_on_failure(*made, [&] { enqueue(&made, 1); });
    return *made;
  }
  void count_dropped_exception() noexcept override { ++dropped_exceptions; }
  void run_claimed_outside(filch::detail::task_node& claimed) noexcept override {
    ++run_outside;
    run(claimed);
  }
  void run_dequeued_outside(filch::detail::task_node& claimed) noexcept override {
    run_claimed_outside(claimed);
    claimed.drop_reference();
  }
  void cancel_claimed(filch::detail::task_node& claimed, std::exception_ptr reason) noexcept override {
    ++cancelled;
    claimed.operations->abandon(claimed, std::move(reason));
    filch::detail::notify_all(claimed.state.finish());
  }

  /// Runs the oldest task, as a worker does. False when there is none.
  bool run_next() {
    return with_next([&](filch::detail::task_node& task) { run(task); });
  }
  /// Ends the oldest task without a call.
  bool cancel_next() {
    return with_next([&](filch::detail::task_node& task) {
      cancel_claimed(task, std::make_exception_ptr(filch::task_cancelled("cancelled for the test")));
    });
  }
  /// What a worker's get() does: runs a task that somebody has claimed for it, and leaves the queue's entry behind.
  void run(filch::detail::task_node& claimed) noexcept {
    const filch::detail::running_task frame(claimed);
    const std::stop_token token = stop.get_token();
    filch::detail::run_context given{token, tally(), nullptr};
    const filch::detail::run_outcome outcome = claimed.operations->run(claimed, given);
    {
      const std::scoped_lock lock(mutex_);
      last_outcome = outcome;
      unhandled = std::move(given.unhandled);
    }
    if (before_publication != nullptr) before_publication();
    filch::detail::notify_all(claimed.state.finish());
  }

  [[nodiscard]] std::size_t queued() const {
    const std::scoped_lock lock(mutex_);
    return queued_.size();
  }
  [[nodiscard]] std::uint64_t blocks_out() {
    slab_->trim();
    return slab_->blocks_out();
  }

  [[nodiscard]] filch::detail::exception_tally& tally() const { return *tally_; }

  bool refusing = false;
  bool out_of_memory = false;  // once
  bool no_room = false;        // to queue anything
  filch::priority last_rank = filch::priority::normal;
  int reserved = 0;
  int dropped_exceptions = 0;
  int run_outside = 0;
  int cancelled = 0;
  std::stop_source stop;
  filch::detail::run_outcome last_outcome{};
  std::exception_ptr unhandled;
  void (*before_publication)() = nullptr;

 private:
  template <class End>
  bool with_next(End&& end) {
    filch::detail::task_node* task = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (queued_.empty()) return false;
      task = queued_.front();
      queued_.pop_front();
    }
    if (task->state.claim() == filch::detail::claim_outcome::claimed) end(*task);
    task->drop_reference();
    return true;
  }

  mutable std::mutex mutex_;
  std::deque<filch::detail::task_node*> queued_;
  filch::detail::slab* const slab_;
  filch::detail::exception_tally* const tally_ = filch::detail::exception_tally::create();
};

/// Something a task may hold: counts how many live, and throws where it is told to.
struct counted {
  counted() { ++alive; }
  explicit counted(int* copies) : copies_left(copies) { ++alive; }
  counted(const counted& other) : copies_left(other.copies_left) {
    if (copies_left != nullptr && (*copies_left)-- == 0) throw 1;
    ++alive;
  }
  counted(counted&& other) : copies_left(other.copies_left) {
    if (copies_left != nullptr && (*copies_left)-- == 0) throw 2;
    ++alive;
  }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }

  int* copies_left = nullptr;  // how many copies and moves succeed before one throws
  static inline int alive = 0;
};

/// A capture whose destructor throws, if it is the last copy that is not moved from.
struct throws_when_destroyed {
  throws_when_destroyed() = default;
  throws_when_destroyed(const throws_when_destroyed&) = default;
  throws_when_destroyed(throws_when_destroyed&& other) noexcept : armed(std::exchange(other.armed, false)) {}
  ~throws_when_destroyed() noexcept(false) {
    if (armed) throw 99;
  }
  bool armed = false;
};

}  // namespace filch_tests
