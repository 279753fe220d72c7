// When is a pool idle? A counter of tasks that were queued and one of tasks that are finished, per thread, each with
// one writer, and no counter that all share. The proof is in src/runtime/README.md.
#pragma once

#include <atomic>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

/// One thread's part. A thread counts a task as spawned before it queues it, and as finished after everything else
/// that the task causes, the release of its memory included.
template <class Atomics = standard_atomics>
class task_ledger {
 public:
  void count_spawned(std::uint64_t tasks) noexcept {
    spawned_.store(spawned_.load(std::memory_order_relaxed) + tasks, std::memory_order_relaxed);
  }
  void take_back_spawned(std::uint64_t tasks) noexcept {
    spawned_.store(spawned_.load(std::memory_order_relaxed) - tasks, std::memory_order_relaxed);
  }
  void count_finished() noexcept {
    // [Q1] release store, pairs with [Q2]: who counts this task counts its children as spawned.
    finished_.store(finished_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  [[nodiscard]] std::uint64_t finished() const noexcept {
    return finished_.load(std::memory_order_acquire);  // [Q2] acquire load, pairs with [Q1]
  }
  [[nodiscard]] std::uint64_t spawned() const noexcept { return spawned_.load(std::memory_order_relaxed); }

 private:
  typename Atomics::template atomic<std::uint64_t> spawned_{0};
  typename Atomics::template atomic<std::uint64_t> finished_{0};
};

struct task_balance {
  std::uint64_t finished;
  std::uint64_t spawned;
  [[nodiscard]] bool idle() const noexcept { return finished == spawned; }
};

/// Sums the ledgers that `for_each_ledger` visits, twice: every `finished` before any `spawned`. The other way round, a
/// task that spawns and ends in between would be missed.
template <class ForEachLedger>
[[nodiscard]] task_balance balance_of(ForEachLedger&& for_each_ledger) {
  task_balance sum{0, 0};
  for_each_ledger([&](const auto& ledger) { sum.finished += ledger.finished(); });
  for_each_ledger([&](const auto& ledger) { sum.spawned += ledger.spawned(); });
  return sum;
}

}  // namespace filch::inline v0_1::detail
