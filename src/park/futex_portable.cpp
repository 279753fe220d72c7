// The portable back end: a table of mutexes and condition variables, chosen by the word's address. Leaked on purpose,
// so that a thread may park while static objects are destroyed. A child made by fork() has a table of its own: in its
// parent's a thread that the child does not have may have held a mutex. Always notify_all: glibc 2.36's pthread_cond_signal
// can lose a wakeup, and strangers share a bucket.
#include "park/futex.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include <filch/detail/base/process_generation.hpp>

namespace filch::inline v0_1::detail {

namespace {

struct bucket {
  std::mutex mutex;
  std::condition_variable changed;
};

struct bucket_table {
  const std::uint32_t generation = process_generation();
  std::array<bucket, 64> buckets;
};

// [U1] acquire load, pairs with the release half of [U2]: who sees a table sees it made.
bucket_table& table_of_this_process() noexcept {
  constinit static std::atomic<bucket_table*> current{nullptr};
  bucket_table* known = current.load(std::memory_order_acquire);
  while (known == nullptr || known->generation != process_generation()) {
    auto made = std::make_unique<bucket_table>();
    // [U2] release in success; acquire in failure, as [U1].
    if (current.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel, std::memory_order_acquire))
      known = made.release();
  }
  return *known;
}

bucket& bucket_of(const std::atomic<std::uint32_t>* word) noexcept {
  auto& buckets = table_of_this_process().buckets;
  const std::size_t line = std::hash<const void*>{}(word) >> 6;  // words stand on lines of their own
  return buckets[(line ^ (line >> 6)) % buckets.size()];
}

}  // namespace

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::optional<steady_time> deadline) noexcept {
  bucket& place = bucket_of(&word);
  std::unique_lock lock(place.mutex);
  // The waker changes the word first and takes the mutex then, so it cannot slip between this look and the wait. The mutex
  // orders the two; seq_cst is what the kernel's own look has.
  if (word.load(std::memory_order_seq_cst) != expected) return;
  if (deadline)
    (void)place.changed.wait_until(lock, *deadline);
  else
    place.changed.wait(lock);
}

void futex_wake_all(const std::atomic<std::uint32_t>* word) noexcept {
  bucket& place = bucket_of(word);
  { const std::scoped_lock lock(place.mutex); }
  place.changed.notify_all();
}

// There is no such thing everywhere.
void wait_punctually() noexcept {}

void futex_wake_one(const std::atomic<std::uint32_t>* word) noexcept { futex_wake_all(word); }

}  // namespace filch::inline v0_1::detail
