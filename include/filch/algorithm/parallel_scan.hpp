// Running totals: for each element what those before it come to, the same whoever computes it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

#include <filch/algorithm/loop_options.hpp>
#include <filch/detail/algorithm/block_plan.hpp>
#include <filch/detail/algorithm/chunks.hpp>
#include <filch/detail/algorithm/loop_control.hpp>
#include <filch/detail/algorithm/loop_range.hpp>
#include <filch/detail/algorithm/loop_worker.hpp>
#include <filch/detail/algorithm/run_in_pool.hpp>
#include <filch/detail/task/callable.hpp>

namespace filch::inline v0_1 {

namespace detail {

template <class Range, class To, class T, class Combine>
concept scan = loopable<Range> && std::random_access_iterator<To> && std::indirectly_writable<To, const T&> &&
               std::copyable<T> && std::constructible_from<T, std::ranges::range_reference_t<Range>> &&
               std::is_invocable_r_v<T, Combine&, T, T>;

enum class scan_kind { inclusive, exclusive };

/// Two passes over the blocks, and between them one over what each comes to.
template <scan_kind Kind, class From, class To, class T, class Combine>
class scan_run {
 public:
  scan_run(const char* function, const loop_range<From>& from, const To& to, const T& identity, Combine& combine,
           const loop_options& options)
      : function_(function),
        from_(from),
        to_(to, from.size()),
        combine_(combine),
        plan_(options.grain, from.size()),
        control_(options.stop),
        before_(static_cast<std::size_t>(plan_.blocks()), total{identity}) {}

  To all() {
    if (from_.size() == 0) return to_.at(0);
    // Of the last block nobody wants to know what it comes to.
    for_each_block(plan_.blocks() - 1, [this](std::uint64_t block) { add_up(block); });
    for (std::size_t block = 1; block != before_.size(); ++block)
      before_[block].value = combine(T(before_[block - 1].value), std::move(before_[block].value));
    for_each_block(plan_.blocks(), [this](std::uint64_t block) { write(block); });
    return to_.at(from_.size());
  }

 private:
  // What all before a block come to. In a struct, since a vector of bool has no elements of its own.
  struct total {
    T value;
  };

  T combine(T&& left, T&& right) { return std::invoke(combine_, std::move(left), std::move(right)); }

  template <class Run>
  void for_each_block(std::uint64_t blocks, const Run& run) {
    const auto run_some = [&](std::uint64_t first, std::uint64_t last) {
      for (; first != last; ++first) run(first);
    };
    run_in_chunks(loop_worker(control_), chunk_rule::single(), run_some, 0, blocks);
    control_.throw_if_stopped(function_);
  }

  void add_up(std::uint64_t block) {
    T sum(before_[static_cast<std::size_t>(block + 1)].value);  // the identity
    const From last = from_.at(plan_.last_of(block));
    for (From each = from_.at(plan_.first_of(block)); each != last; ++each) sum = combine(std::move(sum), T(*each));
    before_[static_cast<std::size_t>(block + 1)].value = std::move(sum);
  }

  void write(std::uint64_t block) {
    T sum(std::move(before_[static_cast<std::size_t>(block)].value));
    const From last = from_.at(plan_.last_of(block));
    To into = to_.at(plan_.first_of(block));
    for (From each = from_.at(plan_.first_of(block)); each != last; ++each, ++into) {
      T own(*each);  // which `into` may overwrite
      if constexpr (Kind == scan_kind::exclusive) *into = std::as_const(sum);
      sum = combine(std::move(sum), std::move(own));
      if constexpr (Kind == scan_kind::inclusive) *into = std::as_const(sum);
    }
  }

  const char* const function_;
  const loop_range<From> from_;
  const loop_range<To> to_;
  Combine& combine_;
  const block_plan plan_;
  loop_control control_;
  std::vector<total> before_;
};

template <scan_kind Kind, class Range, class To, class T, class Combine>
To run_scan(const char* function, Range& range, const To& to, const T& identity, Combine& combine,
            const loop_options& options) {
  require_callable(combine);
  using run = scan_run<Kind, std::ranges::iterator_t<Range>, To, T, Combine>;
  return run(function, range_over(range), to, identity, combine, options).all();
}

inline constexpr const char* name_of_inclusive_scan = "parallel_inclusive_scan()";
inline constexpr const char* name_of_exclusive_scan = "parallel_exclusive_scan()";

}  // namespace detail

/// Writes to `to` and what follows, for each element of a random access range, what all elements up to it, with it, come to:
/// their `combine` from left to right. Returns the end of what was written. `to` may be the beginning of the range itself;
/// otherwise they must not overlap. For a task: in the pool that it runs in.
///
/// ```
/// filch::parallel_inclusive_scan(lengths, ends.begin(), 0, std::plus{});
/// ```
///
/// `combine` must be associative but need not be commutative, and `identity` changes nothing. As with parallel_reduce() what
/// is combined with what depends on the length of the range and the grain alone, so that floating-point totals are the same
/// for every number of workers, bit by bit; here blocks are combined one after the other.
///
/// Each element is combined twice: once to find out what its block comes to, and once to write. What was written before an
/// exception or a stop request stays, and may have replaced a part of the range. Blocks, blocking and errors: as
/// parallel_reduce(); also std::bad_alloc. Complexity: linear; one allocation, for a value a block.
template <class Range, class To, class T, class Combine>
  requires detail::scan<Range, To, T, Combine>
To parallel_inclusive_scan(Range&& range, To to, T identity, Combine&& combine, const loop_options& options = {}) {
  constexpr const char* name = detail::name_of_inclusive_scan;
  return detail::run_in_pool(
      name, [&] { return detail::run_scan<detail::scan_kind::inclusive>(name, range, to, identity, combine, options); });
}

/// The same in a given pool, from any thread; see parallel_for().
template <detail::pool_handle Pool, class Range, class To, class T, class Combine>
  requires detail::scan<Range, To, T, Combine>
To parallel_inclusive_scan(Pool&& pool, Range&& range, To to, T identity, Combine&& combine, const loop_options& options = {}) {
  constexpr const char* name = detail::name_of_inclusive_scan;
  return detail::run_in_pool(detail::executor_of(pool), [&] {
    return detail::run_scan<detail::scan_kind::inclusive>(name, range, to, identity, combine, options);
  });
}

/// As parallel_inclusive_scan(), but for each element what those before it come to, without it: the identity first.
template <class Range, class To, class T, class Combine>
  requires detail::scan<Range, To, T, Combine>
To parallel_exclusive_scan(Range&& range, To to, T identity, Combine&& combine, const loop_options& options = {}) {
  constexpr const char* name = detail::name_of_exclusive_scan;
  return detail::run_in_pool(
      name, [&] { return detail::run_scan<detail::scan_kind::exclusive>(name, range, to, identity, combine, options); });
}

/// The same in a given pool, from any thread; see parallel_for().
template <detail::pool_handle Pool, class Range, class To, class T, class Combine>
  requires detail::scan<Range, To, T, Combine>
To parallel_exclusive_scan(Pool&& pool, Range&& range, To to, T identity, Combine&& combine, const loop_options& options = {}) {
  constexpr const char* name = detail::name_of_exclusive_scan;
  return detail::run_in_pool(detail::executor_of(pool), [&] {
    return detail::run_scan<detail::scan_kind::exclusive>(name, range, to, identity, combine, options);
  });
}

}  // namespace filch::inline v0_1
