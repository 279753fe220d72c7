// A function over a range, by the tasks of a pool: a range of results, pulled lazily, with so many elements in flight.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include <filch/detail/flow/map_stream.hpp>
#include <filch/detail/task/batch.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/flow/map_options.hpp>
#include <filch/flow/map_result.hpp>
#include <filch/runtime/scheduler.hpp>

namespace filch::inline v0_1 {

namespace detail {
struct map_access;
}

/// What map() returns: a single-pass range of map_result. Move-only, and it may be moved while it is pulled; one that was moved
/// from is empty. It must not be pulled after its pool is gone; it may be destroyed then.
///
/// A view that takes the first n, std::views::take(n), waits for one more, as with every single-pass range: its last increment
/// does.
///
/// Thread safety: one thread at a time uses a range and its iterators; not one of its own elements.
template <std::ranges::view V, class F>
class [[nodiscard]] map_range {
  using stream = detail::map_stream<V, F>;
  using kept = detail::stored_result<typename stream::result>;
  static_assert(std::is_move_constructible_v<kept>,
                "filch: results are moved out of their tasks, so they must be movable: return a std::unique_ptr to it instead");

 public:
  using value_type = map_result<typename stream::result>;

  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = map_range::value_type;
    using difference_type = std::ptrdiff_t;

    iterator() noexcept = default;

    /// The current element, until the next increment; it may be moved away. Throws std::bad_optional_access at the end.
    value_type& operator*() const { return stream_->current(); }
    value_type* operator->() const { return std::addressof(stream_->current()); }

    /// Waits for the next element, as begin() does for the first, and throws as that.
    iterator& operator++() {
      stream_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }

    friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept {
      return it.stream_ == nullptr || it.stream_->is_at_end();
    }

   private:
    friend class map_range;
    explicit iterator(stream* of) noexcept : stream_(of) {}

    stream* stream_ = nullptr;
  };

  map_range(map_range&&) noexcept = default;
  map_range& operator=(map_range&&) noexcept = default;

  /// Abandons what has not been pulled: no more inputs are taken, what has not been started never runs and its inputs are
  /// destroyed here, what runs and takes a stop token is told, and waited for. Nobody uses the function or the inputs
  /// afterwards.
  ///
  /// On a worker a spare takes its place meanwhile; where none is to be had it waits all the same. In one of its own elements
  /// it ends the program: it would wait for itself. In a child made by fork() it does nothing.
  ~map_range() = default;

  /// The first element. It is waited for: on a worker of the pool by running elements that nobody has started, in the order of
  /// the inputs, otherwise with a spare in the caller's place. No other task runs inside.
  ///
  /// What the inputs throw, or std::bad_alloc, comes when all elements before have been pulled, and then the range is at its
  /// end. Throws would_deadlock in an element of this range; too_many_blocked when a worker would have to block that is the
  /// last one not blocked, and every spare is in use or could not be started; forked; before the first input closed if the pool
  /// was shut down. Nothing is lost then: the same call, or an increment, goes on.
  iterator begin() {
    if (stream_) stream_->start();
    return iterator(stream_.get());
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend struct detail::map_access;

  // In a child made by fork() the threads to be waited for do not exist.
  struct end_of_stream {
    void operator()(stream* ended) const noexcept {
      if (ended->is_of_this_process()) delete ended;
    }
  };

  explicit map_range(stream* made) noexcept : stream_(made) {}

  std::unique_ptr<stream, end_of_stream> stream_;
};

namespace detail {

struct map_access {
  template <class V, class F, class G>
  static map_range<V, F> make(scheduler& pool, V&& inputs, G&& function, const map_options& options) {
    return map_range<V, F>(new map_stream<V, F>(pool, std::move(inputs), std::forward<G>(function), options));
  }
};

template <class Range, class F>
concept mappable = bulk_submittable<std::decay_t<F>, std::ranges::range_value_t<Range>> &&
                   std::constructible_from<std::ranges::range_value_t<Range>, read_element<std::views::all_t<Range>>>;

}  // namespace detail

/// Calls `function(input)` for each element of a range, in tasks of the pool, and returns the results as a range. Nothing is
/// submitted before its begin(). Afterwards so many elements are in flight as the window allows: the thread that pulls a result
/// takes inputs in the place of those it has had. So the inputs may be endless, or single-pass, and memory is bounded by the
/// window.
///
/// ```
/// for (auto& page : filch::map(pool, urls, fetch, {.order = filch::result_order::completion, .window = 64})) {
///   if (page) use(page.index(), *page);
///   else report(page.index(), page.error());
/// }
/// ```
///
/// Inputs are copied into their tasks, or moved out of a container that was passed as an rvalue, which the range keeps; one
/// that was passed as an lvalue must live as long as the range. `function` is kept once and called as const, with an rvalue, by
/// many tasks at the same time; one that can take a std::stop_token before its argument gets one that is stopped when the range
/// is abandoned, by the token in the options, and by the pool's shutdown_now(). An input is dead before its result can be seen.
///
/// The range's begin() and ++ may block in the inputs while results are ready: until the window is full or, where the inputs are
/// single-pass and take their time, for one of them. Inputs that come only after results have been pulled need a window of 1.
/// What they throw is final, also where they are a range of this kind whose increment could be repeated. A result that refers
/// to its input dangles: return a value.
///
/// Every input that was taken comes out once, with its index: with what the function returned, or with an exception. An element
/// whose task the pool cancels has task_cancelled; one whose task it does not take any more has closed, and no further inputs
/// are taken. After shutdown_now(), and after a stop request by the token in the options, no inputs are taken at all; what is
/// in flight comes out, and the range ends.
///
/// Thread safety: may be called from any thread, tasks included. Blocking: never; for the range see there. Throws
/// std::invalid_argument for an empty callable, or options that make no sense; std::bad_alloc; what moving `inputs` and copying
/// or moving `function` throws. Complexity: an allocation; for each element a submission, in groups for ranges that are not
/// single-pass, and no allocation once the window was full.
template <std::ranges::input_range Range, class F>
  requires std::ranges::viewable_range<Range> && detail::mappable<Range, F>
[[nodiscard]] map_range<std::views::all_t<Range>, std::decay_t<F>> map(scheduler& pool, Range&& inputs, F&& function,
                                                                       const map_options& options = {}) {
  static_assert(!(std::is_member_function_pointer_v<std::decay_t<F>> &&
                  std::is_lvalue_reference_v<detail::bulk_result<std::decay_t<F>, std::ranges::range_value_t<Range>>>),
                "filch: this member function refers to its object, an input that is gone before the result can be seen: map a "
                "lambda that returns a value");
  detail::require_callable(function);
  return detail::map_access::make<std::views::all_t<Range>, std::decay_t<F>>(pool, std::views::all(std::forward<Range>(inputs)),
                                                                             std::forward<F>(function), options);
}

}  // namespace filch::inline v0_1
