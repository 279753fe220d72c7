// The queue that all workers share: what comes from outside and what full deques spill. moodycamel::ConcurrentQueue,
// wrapped, so that its traps are fenced in one place:
//   - explicit producer tokens only: in 1.0.3 the reuse of blocks by implicit producers has too weak an order;
//   - nobody decides to park because a dequeue failed: a consumer that overshot makes a full queue look empty for a
//     moment. maybe_not_empty() never misses what was there before the caller's full fence;
//   - it is first in, first out for each producer only, and keeps its high-water mark of memory until it dies.
#pragma once

#include <cstddef>
#include <optional>

#include "queue/moodycamel.hpp"

namespace filch::inline v0_1::detail {

struct injection_traits : moodycamel::ConcurrentQueueDefaultTraits {
  static constexpr std::size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 0;  // no implicit producers
};

template <class T>
class injection_queue {
  using queue = moodycamel::ConcurrentQueue<T*, injection_traits>;

 public:
  /// The right of one thread at a time to enqueue. Made when it is first needed.
  class producer {
   public:
    /// False when there is no memory for it.
    [[nodiscard]] bool open(injection_queue& target) {
      if (!token_ || !token_->valid()) token_.emplace(target.queue_);
      return token_->valid();
    }

   private:
    friend class injection_queue;
    std::optional<moodycamel::ProducerToken> token_;
  };

  /// A worker's place in the rotation over the producers.
  class consumer {
   public:
    explicit consumer(injection_queue& source) : token_(source.queue_) {}

   private:
    friend class injection_queue;
    moodycamel::ConsumerToken token_;
  };

  /// Queues all or, when memory is short, nothing: false then. Lock-free.
  [[nodiscard]] bool enqueue(producer& from, T* const* items, std::size_t count) {
    if (!from.open(*this)) return false;
    return count == 1 ? queue_.enqueue(*from.token_, items[0]) : queue_.enqueue_bulk(*from.token_, items, count);
  }

  /// Takes up to `count` items, and perhaps none although there are some.
  [[nodiscard]] std::size_t dequeue(consumer& by, T** items, std::size_t count) {
    return queue_.try_dequeue_bulk(by.token_, items, count);
  }
  [[nodiscard]] std::size_t dequeue(T** items, std::size_t count) { return queue_.try_dequeue_bulk(items, count); }

  /// Roughly how many items there are.
  [[nodiscard]] std::size_t size_estimate() const { return queue_.size_approx(); }

  /// False only when everything that was enqueued before the caller's full fence has been taken.
  [[nodiscard]] bool maybe_not_empty() const { return queue_.size_approx() != 0; }

 private:
  queue queue_;
};

}  // namespace filch::inline v0_1::detail
