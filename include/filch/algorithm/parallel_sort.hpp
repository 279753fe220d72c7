// Sorting a range in place, by all workers that have nothing else to do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>

#include <filch/algorithm/loop_options.hpp>
#include <filch/detail/algorithm/chunks.hpp>
#include <filch/detail/algorithm/loop_control.hpp>
#include <filch/detail/algorithm/merge_sort.hpp>
#include <filch/detail/algorithm/run_in_pool.hpp>
#include <filch/detail/task/callable.hpp>

namespace filch::inline v0_1 {

namespace detail {

template <class Iterator, class Compare>
concept sortable_in_parallel = std::random_access_iterator<Iterator> && std::sortable<Iterator, Compare> &&
                               std::is_lvalue_reference_v<std::iter_reference_t<Iterator>>;

template <class Range, class Compare>
concept range_sortable_in_parallel = std::ranges::random_access_range<Range> && std::ranges::sized_range<Range> &&
                                     sortable_in_parallel<std::ranges::iterator_t<Range>, Compare>;

inline constexpr const char* name_of_sort = "parallel_sort()";

template <class Iterator, class Compare>
void run_sort(Iterator first, std::size_t count, Compare& compare, const loop_options& options) {
  using value = std::iter_value_t<Iterator>;
  require_callable(compare);
  if constexpr (std::is_nothrow_move_constructible_v<value> && std::is_nothrow_move_assignable_v<value>) {
    merge_sort<Iterator, Compare>(first, count, compare, options).run(name_of_sort);
  } else {
    require_grain(options.grain);
    loop_control control(options.stop);
    if (count != 0 && control.may_begin())
      std::sort(first, first + static_cast<std::iter_difference_t<Iterator>>(count), std::ref(compare));
    control.throw_if_stopped(name_of_sort);
  }
}

}  // namespace detail

/// Sorts the elements from `first` up to, not including, `last`, in place: `compare(a, b)` says whether a goes before b. Equal
/// elements stay in their order, so that the result is the same for every number of workers. For a task: in the pool that it
/// runs in.
///
/// ```
/// filch::parallel_sort(people, [](const person& a, const person& b) { return a.age < b.age; });
/// ```
///
/// Merge sort: halves are sorted and merged by whoever has nothing else to do, and so are the halves of a merge. `compare` is
/// called at the same time by many threads, and is not copied. Elements whose moves may throw are left to std::sort() and the
/// calling thread: they may be in another order if equal, and lost if something throws. Those that share bytes, as in a
/// std::vector<bool>, cannot be sorted.
///
/// The grain is how many elements are sorted, or merged, by one thread: 1,024 without one. Blocking: as parallel_for().
/// Throws: what `compare` threw, the first that did; task_cancelled after a stop request that left something out. The elements
/// are all there then, in any order. std::bad_alloc, std::invalid_argument for a grain less than 1 or an empty callable,
/// no_pool outside of a task: nothing has changed then. Complexity: n log n comparisons; memory for n elements, in one
/// allocation, if there are more than 24.
template <class Iterator, class Compare = std::ranges::less>
  requires detail::sortable_in_parallel<Iterator, Compare>
void parallel_sort(Iterator first, Iterator last, Compare&& compare = {}, const loop_options& options = {}) {
  const auto count = static_cast<std::size_t>(std::max<std::iter_difference_t<Iterator>>(last - first, 0));
  detail::run_in_pool(detail::name_of_sort, [&] { detail::run_sort(first, count, compare, options); });
}

/// The same for all elements of a range.
template <class Range, class Compare = std::ranges::less>
  requires detail::range_sortable_in_parallel<Range, Compare>
void parallel_sort(Range&& range, Compare&& compare = {}, const loop_options& options = {}) {
  const auto first = std::ranges::begin(range);
  const auto count = static_cast<std::size_t>(std::ranges::size(range));
  detail::run_in_pool(detail::name_of_sort, [&] { detail::run_sort(first, count, compare, options); });
}

/// The same in a given pool, from any thread; see parallel_for().
template <detail::pool_handle Pool, class Iterator, class Compare = std::ranges::less>
  requires detail::sortable_in_parallel<Iterator, Compare>
void parallel_sort(Pool&& pool, Iterator first, Iterator last, Compare&& compare = {}, const loop_options& options = {}) {
  const auto count = static_cast<std::size_t>(std::max<std::iter_difference_t<Iterator>>(last - first, 0));
  detail::run_in_pool(detail::executor_of(pool), [&] { detail::run_sort(first, count, compare, options); });
}

/// The same.
template <detail::pool_handle Pool, class Range, class Compare = std::ranges::less>
  requires detail::range_sortable_in_parallel<Range, Compare>
void parallel_sort(Pool&& pool, Range&& range, Compare&& compare = {}, const loop_options& options = {}) {
  const auto first = std::ranges::begin(range);
  const auto count = static_cast<std::size_t>(std::ranges::size(range));
  detail::run_in_pool(detail::executor_of(pool), [&] { detail::run_sort(first, count, compare, options); });
}

}  // namespace filch::inline v0_1
