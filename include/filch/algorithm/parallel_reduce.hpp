// Combining what a range yields into one value: the same value whoever computes it.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include <filch/algorithm/loop_options.hpp>
#include <filch/detail/algorithm/block_plan.hpp>
#include <filch/detail/algorithm/loop_control.hpp>
#include <filch/detail/algorithm/loop_range.hpp>
#include <filch/detail/algorithm/loop_worker.hpp>
#include <filch/detail/algorithm/run_in_pool.hpp>
#include <filch/detail/task/callable.hpp>

namespace filch::inline v0_1 {

namespace detail {

template <class F, class T, class Bound>
concept element_yield = std::invocable<F&, element_of<Bound>> &&
                        std::constructible_from<T, std::invoke_result_t<F&, element_of<Bound>>>;

/// Called with the bounds of a block and the identity.
template <class F, class T, class Bound>
concept block_yield = !std::invocable<F&, element_of<Bound>> && std::is_invocable_r_v<T, F&, Bound, Bound, T>;

template <class Combine, class T>
concept combiner = std::movable<T> && std::copy_constructible<T> && std::is_invocable_r_v<T, Combine&, T, T>;

template <class F, class Combine, class T, class Bound>
concept reduction = combiner<Combine, T> && (element_yield<F, T, Bound> || block_yield<F, T, Bound>);

template <class F, class Combine, class T, class First, class Last>
concept reduction_between = loop_bounds<First, Last> && reduction<F, Combine, T, typename bound_between<First, Last>::type>;

template <class F, class Combine, class T, class Range>
concept reduction_over = loopable<Range> && reduction<F, Combine, T, std::ranges::iterator_t<Range>>;

inline constexpr const char* name_of_reduce = "parallel_reduce()";

/// The value of so many blocks, which two calls of this combine, or nothing if some of it was left out.
template <class T, class BlockValue, class Combine>
std::optional<T> reduce_blocks(loop_worker worker, const BlockValue& value_of, Combine& combine, std::uint64_t first,
                               std::uint64_t last) {
  if (last - first == 1) {
    if (!worker.may_begin()) return std::nullopt;
    return std::optional<T>(value_of(first));
  }
  const std::uint64_t middle = first + (last - first) / 2;
  std::optional<T> lower;
  std::optional<T> upper;
  worker.run_both([&](loop_worker by) { lower = reduce_blocks<T>(by, value_of, combine, first, middle); },
                  [&](loop_worker by) { upper = reduce_blocks<T>(by, value_of, combine, middle, last); });
  if (!lower || !upper) return std::nullopt;
  return std::optional<T>(std::invoke(combine, *std::move(lower), *std::move(upper)));
}

template <class Bound, class T, class F, class Combine>
T run_reduce(const loop_range<Bound>& range, const T& identity, F& yield, Combine& combine, const loop_options& options) {
  require_callable(yield);
  require_callable(combine);
  const block_plan plan(options.grain, range.size());
  if (range.size() == 0) return identity;
  loop_control control(options.stop);
  const auto value_of = [&](std::uint64_t block) -> T {
    const Bound first = range.at(plan.first_of(block));
    const Bound last = range.at(plan.last_of(block));
    if constexpr (element_yield<F, T, Bound>) {
      T value(identity);
      for (Bound each = first; each != last; ++each)
        value = std::invoke(combine, std::move(value), T(std::invoke(yield, element_at(each))));
      return value;
    } else {
      return std::invoke(yield, first, last, T(identity));
    }
  };
  std::optional<T> all = reduce_blocks<T>(loop_worker(control), value_of, combine, 0, plan.blocks());
  if (!all) control.throw_if_stopped(name_of_reduce);
  return *std::move(all);
}

}  // namespace detail

/// Combines `yield(i)` for each i from `first` up to, not including, `last`: numbers of any integer type, or `yield(*i)` for
/// random access iterators. Returns the identity if there are none. For a task: in the pool that it runs in.
///
/// ```
/// double length = std::sqrt(filch::parallel_reduce(0, n, 0.0, [&](int i) { return v[i] * v[i]; }, std::plus{}));
/// ```
///
/// `combine(a, b)` makes one value of two neighbours, the first one on the left. It must be associative but need not be
/// commutative, and `identity` changes nothing: values are combined in blocks, each from the identity on and from left to
/// right, and these in a balanced tree. Blocks and tree depend on the length of the range and the grain alone. So the answer
/// is the same for every number of workers and in every run, bit by bit, though addition of floating-point numbers is not
/// associative.
///
/// A yield that takes two positions and a value instead is called with the bounds of a block and the identity, and returns the
/// value of the block: `yield(from, to, value)`. The functions are called at the same time by many threads; they are not
/// copied.
///
/// Blocks have as many elements as the grain says; without one a 128th of the range, rounded up, and 4,096 at most. Blocking:
/// as parallel_for(). Throws: what the functions threw, as parallel_for(); task_cancelled after a stop request that left
/// something out; std::invalid_argument for a grain less than 1, an empty callable, or bounds that do not fit; no_pool outside
/// of a task. Complexity: no allocation; as many values at a time as a path of the tree is long, for each worker.
template <class First, class Last, class T, class F, class Combine>
  requires detail::reduction_between<F, Combine, T, First, Last>
[[nodiscard]] T parallel_reduce(First first, Last last, T identity, F&& yield, Combine&& combine,
                                const loop_options& options = {}) {
  const auto range = detail::range_between(detail::name_of_reduce, first, last);
  return detail::run_in_pool(detail::name_of_reduce,
                             [&] { return detail::run_reduce(range, identity, yield, combine, options); });
}

/// The same for the elements of a random access range: std::identity() yields them as they are.
template <class Range, class T, class F, class Combine>
  requires detail::reduction_over<F, Combine, T, Range>
[[nodiscard]] T parallel_reduce(Range&& range, T identity, F&& yield, Combine&& combine, const loop_options& options = {}) {
  const auto all = detail::range_over(range);
  return detail::run_in_pool(detail::name_of_reduce,
                             [&] { return detail::run_reduce(all, identity, yield, combine, options); });
}

/// The same in a given pool, from any thread; see parallel_for().
template <detail::pool_handle Pool, class First, class Last, class T, class F, class Combine>
  requires detail::reduction_between<F, Combine, T, First, Last>
[[nodiscard]] T parallel_reduce(Pool&& pool, First first, Last last, T identity, F&& yield, Combine&& combine,
                                const loop_options& options = {}) {
  const auto range = detail::range_between(detail::name_of_reduce, first, last);
  return detail::run_in_pool(detail::executor_of(pool),
                             [&] { return detail::run_reduce(range, identity, yield, combine, options); });
}

/// The same.
template <detail::pool_handle Pool, class Range, class T, class F, class Combine>
  requires detail::reduction_over<F, Combine, T, Range>
[[nodiscard]] T parallel_reduce(Pool&& pool, Range&& range, T identity, F&& yield, Combine&& combine,
                                const loop_options& options = {}) {
  const auto all = detail::range_over(range);
  return detail::run_in_pool(detail::executor_of(pool),
                             [&] { return detail::run_reduce(all, identity, yield, combine, options); });
}

}  // namespace filch::inline v0_1
