// The portable back end: a table of mutexes and condition variables, chosen by the word's address. Leaked on purpose,
// so that a thread may park while static objects are destroyed. Always notify_all: glibc 2.36's pthread_cond_signal
// can lose a wakeup, and strangers share a bucket.
#include "park/futex.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

namespace filch::inline v0_1::detail {

namespace {

struct bucket {
  std::mutex mutex;
  std::condition_variable changed;
};

bucket& bucket_of(const std::atomic<std::uint32_t>* word) noexcept {
  static auto& table = *new std::array<bucket, 64>;
  const std::size_t line = std::hash<const void*>{}(word) >> 6;  // words stand on lines of their own
  return table[(line ^ (line >> 6)) % table.size()];
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

void futex_wake_one(const std::atomic<std::uint32_t>* word) noexcept { futex_wake_all(word); }

}  // namespace filch::inline v0_1::detail
