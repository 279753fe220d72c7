// A lane beside the injection queue, for tasks that are more or less urgent than the others: a queue, and a count of what may
// lie in it, so that whoever has no use for the lane reads one word that nobody writes.
//
// Invariant: the count is never less than the number of items in the queue. An item is counted before it is queued, and
// discounted after it was dequeued: an item that was there uncounted would keep workers awake, and out of their reach for as
// long as its submitter has lost its core. The count only says whether a look is worth while; nobody parks because of it:
// who is about to sleep asks maybe_not_empty(). Why no order is needed: src/runtime/README.md, priorities.
#pragma once

#include <atomic>
#include <cstddef>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>

namespace filch::inline v0_1::detail {

/// `Queue` is the injection queue, or what stands for it in a model.
template <class Queue, class Atomics = standard_atomics>
class injection_lane {
 public:
  using producer = typename Queue::producer;

  /// Queues all or, when memory is short, nothing: false then.
  template <class Item>
  [[nodiscard]] bool enqueue(producer& from, Item* const* items, std::size_t count) {
    (void)waiting_.fetch_add(count, std::memory_order_relaxed);
    if (queue_.enqueue(from, items, count)) return true;
    (void)waiting_.fetch_sub(count, std::memory_order_relaxed);
    return false;
  }

  /// Takes up to `count` items, and perhaps none although there are some. With or without a consumer first.
  template <class... Arguments>
  [[nodiscard]] std::size_t dequeue(Arguments&&... arguments) {
    if (waiting_.load(std::memory_order_relaxed) == 0) return 0;
    const std::size_t taken = queue_.dequeue(static_cast<Arguments&&>(arguments)...);
    if (taken != 0) (void)waiting_.fetch_sub(taken, std::memory_order_relaxed);
    return taken;
  }

  /// How many items wait here; a moment ago.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.load(std::memory_order_relaxed); }

  /// False only when everything that was enqueued before the caller's full fence has been taken.
  [[nodiscard]] bool maybe_not_empty() const { return queue_.maybe_not_empty(); }

  /// For consumers, which belong to a queue.
  [[nodiscard]] Queue& queue() noexcept { return queue_; }

 private:
  Queue queue_;
  alignas(cache_line) typename Atomics::template atomic<std::size_t> waiting_{0};
};

}  // namespace filch::inline v0_1::detail
