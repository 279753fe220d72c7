// Calling a function for each index of a range, or for each element, by all workers that have nothing else to do.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <ranges>

#include <filch/algorithm/loop_options.hpp>
#include <filch/detail/algorithm/chunks.hpp>
#include <filch/detail/algorithm/loop_control.hpp>
#include <filch/detail/algorithm/loop_range.hpp>
#include <filch/detail/algorithm/loop_worker.hpp>
#include <filch/detail/algorithm/run_in_pool.hpp>
#include <filch/detail/task/callable.hpp>

namespace filch::inline v0_1 {

namespace detail {

template <class F, class Bound>
concept element_body = std::invocable<F&, element_of<Bound>>;

/// Called with the bounds of a block.
template <class F, class Bound>
concept block_body = !element_body<F, Bound> && std::invocable<F&, Bound, Bound>;

template <class F, class Bound>
concept loop_body = element_body<F, Bound> || block_body<F, Bound>;

template <class F, class First, class Last>
concept loop_body_between = loop_bounds<First, Last> && loop_body<F, typename bound_between<First, Last>::type>;

template <class F, class Range>
concept loop_body_over = loopable<Range> && loop_body<F, std::ranges::iterator_t<Range>>;

inline constexpr const char* name_of_for = "parallel_for()";

template <class Bound, class F>
void run_for(const char* function, const loop_range<Bound>& range, F& body, const loop_options& options) {
  require_callable(body);
  const chunk_rule rule(options.grain, range.size());
  loop_control control(options.stop);
  const auto run = [&](std::uint64_t first, std::uint64_t last) {
    const Bound end = range.at(last);
    if constexpr (element_body<F, Bound>) {
      for (Bound each = range.at(first); each != end; ++each) std::invoke(body, element_at(each));
    } else {
      std::invoke(body, range.at(first), end);
    }
  };
  run_in_chunks(loop_worker(control), rule, run, 0, range.size());
  control.throw_if_stopped(function);
}

}  // namespace detail

/// Calls `body(i)` for each i from `first` up to, not including, `last`: numbers of any integer type, or `body(*i)` for random
/// access iterators. A body that takes two positions instead is called with the bounds of blocks that make up the range:
/// `body(from, to)`. For a task: in the pool that it runs in. The calling thread and workers that have nothing else to do call
/// it at the same time, in no order; it is not copied.
///
/// ```
/// filch::parallel_for(0, height, [&](int row) { render(picture, row); });
/// ```
///
/// The calling thread runs the range in chunks, and always has the upper half of what is left on offer: when a worker has
/// stolen that, it halves the rest. So bodies may be of very different cost. With a grain no block is shorter than that,
/// unless the range is, nor twice as long or longer. Without one blocks are an eighth of what is left to their thread, 128 at
/// most and 1 at least; a block that is expensive to begin wants a grain, and so do some hundred bodies of less than ten
/// nanoseconds.
///
/// Blocking: until all that was begun has ended. Meanwhile the calling thread runs parts of this very loop and of what its
/// body forks, nothing else; when there are none it sleeps, and a spare takes its place. Throws: what a body threw, and
/// nothing more is begun then; if several did, that of the first in the order of the range. task_cancelled after a stop
/// request that left something out; std::invalid_argument for a grain less than 1, an empty callable, or bounds of two types
/// of which neither can be the other; no_pool outside of a task: give it the pool. Complexity: no allocation; some nanoseconds
/// for each block, some hundred for each theft.
///
/// Lazy binary splitting: Tzannes, Caragea, Barua, Vishkin, PPoPP 2010.
template <class First, class Last, class F>
  requires detail::loop_body_between<F, First, Last>
void parallel_for(First first, Last last, F&& body, const loop_options& options = {}) {
  const auto range = detail::range_between(detail::name_of_for, first, last);
  detail::run_in_pool(detail::name_of_for, [&] { detail::run_for(detail::name_of_for, range, body, options); });
}

/// The same for the elements of a random access range, or blocks of its iterators.
template <class Range, class F>
  requires detail::loop_body_over<F, Range>
void parallel_for(Range&& range, F&& body, const loop_options& options = {}) {
  const auto elements = detail::range_over(range);
  detail::run_in_pool(detail::name_of_for, [&] { detail::run_for(detail::name_of_for, elements, body, options); });
}

/// The same in a given pool, from any thread; a thread that is not one of its workers waits meanwhile. Throws also closed, if
/// the pool has been shut down, task_cancelled, if that was while the loop was queued, and std::bad_alloc: no body has been
/// called then.
template <detail::pool_handle Pool, class First, class Last, class F>
  requires detail::loop_body_between<F, First, Last>
void parallel_for(Pool&& pool, First first, Last last, F&& body, const loop_options& options = {}) {
  const auto range = detail::range_between(detail::name_of_for, first, last);
  detail::run_in_pool(detail::executor_of(pool), [&] { detail::run_for(detail::name_of_for, range, body, options); });
}

/// The same.
template <detail::pool_handle Pool, class Range, class F>
  requires detail::loop_body_over<F, Range>
void parallel_for(Pool&& pool, Range&& range, F&& body, const loop_options& options = {}) {
  const auto elements = detail::range_over(range);
  detail::run_in_pool(detail::executor_of(pool), [&] { detail::run_for(detail::name_of_for, elements, body, options); });
}

}  // namespace filch::inline v0_1
