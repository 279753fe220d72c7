// One word that says who of a group of workers searches and who is parked.
//
//   [ searching : 16 | parked : 48 ]
//
// A worker is busy (not in the word), searching (counted), or parked (its bit is set). Invariant: a parked worker's bit
// is cleared by exactly one thread, which adds one to `searching` in the same step; whoever cleared another's bit owes
// that worker one token.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/base/cache_line.hpp>
#include <filch/detail/base/checked_build.hpp>

namespace filch::inline v0_1::detail {

enum class search_entry { searching, crowded };
enum class search_exit { others_search, last_searcher };
enum class unpark_outcome { searching, claimed_by_other };
struct claim_result {
  std::uint64_t workers;    // their bits; each is owed one token
  bool somebody_searches;  // so nobody was claimed
};

template <class Atomics = standard_atomics>
class idle_word {
 public:
  /// How many workers one word has room for.
  static constexpr unsigned capacity = 48;

  /// busy -> searching, unless `limit` workers of the group search already.
  [[nodiscard]] search_entry try_begin_search(std::uint64_t limit) noexcept {
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    // [I11] seq_cst compare-and-swap, as all read-modify-writes of this word; see at its declaration.
    while (searching(old) < limit)
      if (word_.compare_exchange_strong(old, old + one_searching, std::memory_order_seq_cst,
                                        std::memory_order_relaxed))
        return search_entry::searching;
    return search_entry::crowded;
  }

  /// Counts one more searcher: the caller, who searches again.
  void add_searcher() noexcept { (void)word_.fetch_add(one_searching, std::memory_order_seq_cst); }  // [I11]

  /// searching -> busy.
  [[nodiscard]] search_exit end_search() noexcept {
    // [I10] seq_cst subtraction, pairs with [I3]: a submitter that read the count before it stayed silent, and its push comes
    // before the fence [I4] of whoever is the last to leave, who looks after that. By the language that fence suffices; Relacy
    // orders a seq_cst load with seq_cst operations only.
    const std::uint64_t old = word_.fetch_sub(one_searching, std::memory_order_seq_cst);
    confirm(searching(old) != 0, "a worker stopped searching that had not begun");
    return searching(old) == 1 ? search_exit::last_searcher : search_exit::others_search;
  }

  /// searching -> parked, in one step.
  void park_searcher(unsigned bit) noexcept {
    // [I1] seq_cst addition, as in park_busy(); and it leaves the count, as [I10].
    const std::uint64_t old = word_.fetch_add((std::uint64_t{1} << bit) - one_searching, std::memory_order_seq_cst);
    confirm(searching(old) != 0 && !is_parked(old, bit), "a worker parked that was not searching");
  }

  /// busy -> parked.
  void park_busy(unsigned bit) noexcept {
    // [I1] seq_cst addition, before the fence [I2]; pairs with [I3]: a submitter that does not see the bit has pushed before
    // the fence in the total order, so that the look after it sees the work. By the language the fence suffices, as for [I10].
    const std::uint64_t old = word_.fetch_add(std::uint64_t{1} << bit, std::memory_order_seq_cst);
    confirm(!is_parked(old, bit), "a worker parked that was parked");
  }

  /// parked -> searching by the worker itself, unless somebody has claimed it.
  [[nodiscard]] unpark_outcome try_unpark(unsigned bit) noexcept {
    const std::uint64_t own = std::uint64_t{1} << bit;
    std::uint64_t old = word_.load(std::memory_order_relaxed);
    // [I11] seq_cst compare-and-swap.
    while ((old & own) != 0)
      if (word_.compare_exchange_strong(old, old - own + one_searching, std::memory_order_seq_cst,
                                        std::memory_order_relaxed))
        return unpark_outcome::searching;
    return unpark_outcome::claimed_by_other;
  }

  /// parked -> searching for up to `count` workers, the lowest bits first, unless somebody searches already.
  [[nodiscard]] claim_result claim(unsigned count) noexcept {
    // [I3] seq_cst loads, this one and those of the compare-and-swaps that fail; one that succeeds is [I11].
    std::uint64_t old = word_.load(std::memory_order_seq_cst);
    for (;;) {
      if (searching(old) != 0) return {0, true};
      const std::uint64_t chosen = lowest_bits(old & parked_mask, count);
      if (chosen == 0) return {0, false};
      const auto woken = static_cast<std::uint64_t>(std::popcount(chosen));
      if (word_.compare_exchange_strong(old, old - chosen + woken * one_searching, std::memory_order_seq_cst,
                                        std::memory_order_seq_cst))
        return {chosen, false};
    }
  }

  /// parked -> searching for one worker among `among`, also while others search. Its bit, or 0.
  [[nodiscard]] std::uint64_t call_up(std::uint64_t among) noexcept {
    // [I3] seq_cst loads, as in claim().
    std::uint64_t old = word_.load(std::memory_order_seq_cst);
    for (;;) {
      const std::uint64_t chosen = lowest_bits(old & among & parked_mask, 1);
      if (chosen == 0 || word_.compare_exchange_strong(old, old - chosen + one_searching, std::memory_order_seq_cst,
                                                       std::memory_order_seq_cst))
        return chosen;
    }
  }

  /// Whether nobody searches or is parked; after the light fence [I12]. Who misses a worker that has set its bit [I1] is seen
  /// by that worker.
  [[nodiscard]] bool is_empty() const noexcept { return word_.load(std::memory_order_relaxed) == 0; }

  [[nodiscard]] bool somebody_searches() const noexcept { return searching(load()) != 0; }
  [[nodiscard]] std::uint64_t parked() const noexcept { return load() & parked_mask; }
  [[nodiscard]] std::uint64_t searchers() const noexcept { return searching(load()); }

  static constexpr std::uint64_t parked_mask = (std::uint64_t{1} << capacity) - 1;

 private:
  static constexpr std::uint64_t one_searching = std::uint64_t{1} << capacity;

  static constexpr std::uint64_t searching(std::uint64_t word) noexcept { return word >> capacity; }

  static constexpr bool is_parked(std::uint64_t word, unsigned bit) noexcept { return (word >> bit & 1) != 0; }

  static constexpr std::uint64_t lowest_bits(std::uint64_t mask, unsigned count) noexcept {
    std::uint64_t rest = mask;
    for (unsigned i = 0; i != count && rest != 0; ++i) rest &= rest - 1;
    return mask & ~rest;
  }

  // [I3] seq_cst load: the submitter's look, after its push [D2] or a full fence; pairs with [I1].
  std::uint64_t load() const noexcept { return word_.load(std::memory_order_seq_cst); }

  // The read-modify-writes are seq_cst, so that the word has one history, in the total order, without a look at the fences.
  // Those that leave the count or set a bit [I1] [I10] have a fence after them; whoever misses one that enters the count [I11]
  // wakes a worker too many. They cost the same on x86-64, and each stands on a path that is about to park, to wake or to
  // search.
  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> word_{0};
};

}  // namespace filch::inline v0_1::detail
