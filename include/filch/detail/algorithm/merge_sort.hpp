// Sorting by merging, between the range and a buffer of its length. Both the halves and the merges are split.
//
// A merge is cut where the middle of its result comes from: Odeh, Green, Mwassi, Shmueli, Birk: Merge path, IPDPS workshops
// 2012; equal elements as in Siebert, Traeff: Perfectly load-balanced, optimal, stable, parallel merge, 2013.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <filch/algorithm/loop_options.hpp>
#include <filch/detail/algorithm/chunks.hpp>
#include <filch/detail/algorithm/loop_control.hpp>
#include <filch/detail/algorithm/loop_worker.hpp>
#include <filch/detail/base/atomics.hpp>

namespace filch::inline v0_1::detail {

/// The range is home, the buffer is away; objects in the buffer live as long as elements are there. Each step leaves its part
/// of the elements where it should, in order or not: after an exception or a stop request they are moved without being
/// compared, so that none is lost. Moves must not throw.
template <class Iterator, class Compare>
class merge_sort {
  using value = std::iter_value_t<Iterator>;
  static_assert(std::is_nothrow_move_constructible_v<value> && std::is_nothrow_move_assignable_v<value>);

 public:
  /// Throws std::invalid_argument and std::bad_alloc.
  merge_sort(Iterator first, std::size_t count, Compare& compare, const loop_options& options)
      : home_(std::move(first)), count_(count), compare_(compare), control_(options.stop) {
    require_grain(options.grain);
    if (options.grain) grain_ = static_cast<std::uint64_t>(*options.grain);
    while ((count_ >> levels_) > largest_run) levels_ += 2;
    if (levels_ != 0) away_.reset(std::allocator<value>().allocate(count_));
    away_.get_deleter().count = count_;
  }

  void run(const char* function) {
    sort(loop_worker(control_), 0, count_, levels_);
    if (thrown_ != nullptr) std::rethrow_exception(std::exchange(thrown_, nullptr));
    control_.throw_if_stopped(function);
  }

 private:
  static constexpr std::size_t largest_run = 24;

  enum class side { home, away };

  struct deallocate {
    std::size_t count = 0;
    void operator()(value* memory) const noexcept { std::allocator<value>().deallocate(memory, count); }
  };

  [[nodiscard]] Iterator home(std::size_t index) const { return home_ + static_cast<std::iter_difference_t<Iterator>>(index); }
  [[nodiscard]] value* away(std::size_t index) const noexcept { return away_.get() + index; }

  // After an even number of levels of merges the elements are home, after an odd one they are away.
  void sort(loop_worker worker, std::size_t first, std::size_t last, unsigned levels) {
    if (!worker.may_begin()) return carry(first, last, levels);
    if (last - first <= grain_ || levels == 0) return sort_alone(first, last, levels);
    const std::size_t middle = first + (last - first) / 2;
    worker.run_both([=, this](loop_worker by) { sort(by, first, middle, levels - 1); },
                    [=, this](loop_worker by) { sort(by, middle, last, levels - 1); });
    if (levels % 2 != 0)
      merge<side::away>(worker, home(first), middle - first, home(middle), last - middle, away(first));
    else
      merge<side::home>(worker, away(first), middle - first, away(middle), last - middle, home(first));
  }

  void sort_alone(std::size_t first, std::size_t last, unsigned levels) {
    if (levels == 0) return insert(home(first), home(last));
    const std::size_t middle = first + (last - first) / 2;
    sort_alone(first, middle, levels - 1);
    sort_alone(middle, last, levels - 1);
    if (levels % 2 != 0)
      merge_alone<side::away>(home(first), middle - first, home(middle), last - middle, away(first));
    else
      merge_alone<side::home>(away(first), middle - first, away(middle), last - middle, home(first));
  }

  /// Instead of sort().
  void carry(std::size_t first, std::size_t last, unsigned levels) {
    if (levels % 2 != 0)
      for (; first != last; ++first) move<side::away>(home(first), away(first));
  }

  void insert(Iterator first, Iterator last) {
    if (first == last || control_.has_ended_early()) return;
    try {
      for (Iterator next = first + 1; next != last; ++next)
        if (is_less(*next, *(next - 1))) insert_one(first, next);
    } catch (...) {
      fail();
    }
  }

  // The element is less than the one before it.
  void insert_one(Iterator first, Iterator place) {
    struct held_element {
      value element;
      Iterator& hole;
      ~held_element() { *hole = std::move(element); }
    } held{std::ranges::iter_move(place), place};
    do {
      *place = std::ranges::iter_move(place - 1);
      --place;
    } while (place != first && is_less(held.element, *(place - 1)));
  }

  template <side Target, class From, class To>
  void merge(loop_worker worker, From left, std::size_t lefts, From right, std::size_t rights, To to) {
    const std::size_t count = lefts + rights;
    if (count <= grain_ || count < 2 || !worker.may_begin()) return merge_alone<Target>(left, lefts, right, rights, to);
    const std::size_t middle = count / 2;
    const std::size_t from_left = lefts_among(middle, left, lefts, right, rights);
    const std::size_t from_right = middle - from_left;
    worker.run_both([=, this](loop_worker by) { merge<Target>(by, left, from_left, right, from_right, to); },
                    [=, this](loop_worker by) {
                      merge<Target>(by, next(left, from_left), lefts - from_left, next(right, from_right), rights - from_right,
                            next(to, middle));
                    });
  }

  /// How many of the first `middle` elements of a merge come from the left, where equal ones go first.
  template <class From>
  std::size_t lefts_among(std::size_t middle, const From& left, std::size_t lefts, const From& right, std::size_t rights) {
    std::size_t least = middle - std::min(middle, rights);
    std::size_t most = std::min(middle, lefts);
    try {
      while (least < most) {
        const std::size_t guess = least + (most - least) / 2;
        if (is_less(*next(right, middle - guess - 1), *next(left, guess)))
          most = guess;
        else
          least = guess + 1;
      }
    } catch (...) {
      fail();
    }
    return least;
  }

  template <side Target, class From, class To>
  void merge_alone(From left, std::size_t lefts, From right, std::size_t rights, To to) {
    const From left_end = next(left, lefts);
    const From right_end = next(right, rights);
    if (!control_.has_ended_early()) merge_until_one_ends<Target>(left, left_end, right, right_end, to);
    for (; left != left_end; ++left, ++to) move<Target>(left, to);
    for (; right != right_end; ++right, ++to) move<Target>(right, to);
  }

  template <side Target, class From, class To>
  void merge_until_one_ends(From& left, const From& left_end, From& right, const From& right_end, To& to) {
    try {
      for (; left != left_end && right != right_end; ++to) {
        if constexpr (std::is_arithmetic_v<value>) {
          // Without a branch that cannot be guessed. What lies behind pointers is better off with one: meanwhile it is fetched.
          value lower = *left;
          value other = *right;
          const bool right_first = is_less(other, lower);
          write<Target>(right_first ? std::move(other) : std::move(lower), to);
          left += !right_first;
          right += right_first;
        } else if (is_less(*right, *left)) {
          move<Target>(right, to);
          ++right;
        } else {
          move<Target>(left, to);
          ++left;
        }
      }
    } catch (...) {
      fail();
    }
  }

  template <class Place>
  static Place next(const Place& place, std::size_t by) {
    return place + static_cast<std::iter_difference_t<Place>>(by);
  }

  template <side Target, class From, class To>
  [[gnu::always_inline]] static void move(const From& from, const To& to) noexcept {
    write<Target>(std::ranges::iter_move(from), to);
    if constexpr (Target == side::home) std::destroy_at(from);
  }
  template <side Target, class To>
  [[gnu::always_inline]] static void write(value&& element, const To& to) noexcept {
    if constexpr (Target == side::home)
      *to = std::move(element);
    else
      std::construct_at(to, std::move(element));
  }

  template <class Left, class Right>
  bool is_less(Left& left, Right& right) {
    return std::invoke(compare_, left, right);
  }

  // In a handler. What is thrown first comes out.
  void fail() noexcept {
    if (!has_thrown_.exchange(true, std::memory_order_relaxed)) thrown_ = std::current_exception();
    control_.fail();
  }

  const Iterator home_;
  const std::size_t count_;
  Compare& compare_;
  std::uint64_t grain_ = 1024;
  unsigned levels_ = 0;  // of merges; even
  std::unique_ptr<value, deallocate> away_;
  loop_control control_;
  standard_atomics::atomic<bool> has_thrown_{false};
  std::exception_ptr thrown_;  // written by who has set the flag, read when all have ended
};

}  // namespace filch::inline v0_1::detail
