// Writing what a function makes of each element to another range.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>

#include <filch/algorithm/loop_options.hpp>
#include <filch/algorithm/parallel_for.hpp>
#include <filch/detail/algorithm/loop_range.hpp>
#include <filch/detail/algorithm/run_in_pool.hpp>
#include <filch/detail/task/callable.hpp>

namespace filch::inline v0_1 {

namespace detail {

template <class F, class To, class... From>
concept transformation =
    (loopable<From> && ...) && std::random_access_iterator<To> && std::invocable<F&, std::ranges::range_reference_t<From>...> &&
    std::indirectly_writable<To, std::invoke_result_t<F&, std::ranges::range_reference_t<From>...>>;

inline constexpr const char* name_of_transform = "parallel_transform()";

/// As long as the shortest of the ranges. Returns the end of what was written.
template <class To, class F, class... Bounds>
To run_transform(const To& to, F& function, const loop_options& options, const loop_range<Bounds>&... from) {
  require_callable(function);
  const std::uint64_t size = std::min({from.size()...});
  const loop_range<To> written(to, size);
  const auto block = [&](std::uint64_t first, std::uint64_t last) {
    const auto write = [&, count = last - first](To into, Bounds... each) {
      for (std::uint64_t left = count; left != 0; --left, ++into, (++each, ...)) *into = std::invoke(function, *each...);
    };
    write(written.at(first), from.at(first)...);
  };
  run_for(name_of_transform, loop_range<std::uint64_t>(0, size), block, options);
  return written.at(size);
}

}  // namespace detail

/// Writes `function(element)` for each element of a random access range to `to` and what follows, and returns the end of what
/// was written. `to` may be the beginning of the range itself; otherwise they must not overlap. For a task: in the pool that
/// it runs in.
///
/// ```
/// filch::parallel_transform(words, lengths.begin(), &std::string::size);
/// ```
///
/// Called at the same time by many threads, in no order; the function is not copied. What was written before an exception or a
/// stop request stays. Grain, blocking, errors and complexity: as parallel_for().
template <class Range, class To, class F>
  requires detail::transformation<F, To, Range>
To parallel_transform(Range&& range, To to, F&& function, const loop_options& options = {}) {
  return detail::run_in_pool(detail::name_of_transform, [&] {
    return detail::run_transform(to, function, options, detail::range_over(range));
  });
}

/// The same for two ranges: `function(one, other)`, until the end of the shorter one.
template <class Range, class Other, class To, class F>
  requires detail::transformation<F, To, Range, Other>
To parallel_transform(Range&& range, Other&& other, To to, F&& function, const loop_options& options = {}) {
  return detail::run_in_pool(detail::name_of_transform, [&] {
    return detail::run_transform(to, function, options, detail::range_over(range), detail::range_over(other));
  });
}

/// The same in a given pool, from any thread; see parallel_for().
template <detail::pool_handle Pool, class Range, class To, class F>
  requires detail::transformation<F, To, Range>
To parallel_transform(Pool&& pool, Range&& range, To to, F&& function, const loop_options& options = {}) {
  return detail::run_in_pool(detail::executor_of(pool), [&] {
    return detail::run_transform(to, function, options, detail::range_over(range));
  });
}

/// The same.
template <detail::pool_handle Pool, class Range, class Other, class To, class F>
  requires detail::transformation<F, To, Range, Other>
To parallel_transform(Pool&& pool, Range&& range, Other&& other, To to, F&& function, const loop_options& options = {}) {
  return detail::run_in_pool(detail::executor_of(pool), [&] {
    return detail::run_transform(to, function, options, detail::range_over(range), detail::range_over(other));
  });
}

}  // namespace filch::inline v0_1
