// What a loop runs over: so many positions, which are numbers or iterators.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>

namespace filch::inline v0_1::detail {

template <class I>
concept loop_index = std::integral<I> && !std::same_as<I, bool>;

template <class Bound>
concept loop_bound = loop_index<Bound> || std::random_access_iterator<Bound>;

/// The type of the positions between two bounds: two iterators of one type, or numbers.
template <class First, class Last>
struct bound_between {};
template <std::random_access_iterator Iterator>
struct bound_between<Iterator, Iterator> {
  using type = Iterator;
};
template <loop_index Index>
struct bound_between<Index, Index> {
  using type = Index;
};
template <loop_index First, loop_index Last>
  requires(!std::same_as<First, Last>)
struct bound_between<First, Last> {
  using type = std::common_type_t<First, Last>;
};

template <class First, class Last>
concept loop_bounds = requires { typename bound_between<First, Last>::type; };

template <class Range>
concept loopable = std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>;

/// What is at a position: the number itself, or what the iterator points to.
template <loop_bound Bound>
[[gnu::always_inline]] constexpr decltype(auto) element_at(const Bound& position) {
  if constexpr (loop_index<Bound>)
    return Bound(position);
  else
    return *position;
}

template <class Bound>
using element_of = decltype(element_at(std::declval<const Bound&>()));

/// Throws std::invalid_argument: the bounds have no type in common that has both.
[[noreturn]] void throw_unlike_bounds(const char* function);

template <loop_bound Bound>
class loop_range {
 public:
  constexpr loop_range(Bound first, std::uint64_t size) : first_(std::move(first)), size_(size) {}

  [[nodiscard]] constexpr std::uint64_t size() const noexcept { return size_; }

  /// The position behind so many others.
  [[nodiscard]] constexpr Bound at(std::uint64_t offset) const {
    if constexpr (loop_index<Bound>)
      return static_cast<Bound>(static_cast<std::uint64_t>(first_) + offset);
    else
      return first_ + static_cast<std::iter_difference_t<Bound>>(offset);
  }

 private:
  Bound first_;
  std::uint64_t size_;
};

template <loop_index To, loop_index From>
constexpr bool can_be(From number) noexcept {
  return static_cast<From>(static_cast<To>(number)) == number && (static_cast<To>(number) < To{}) == (number < From{});
}

/// As `for (auto i = first; i < last; ++i)`. Throws std::invalid_argument where numbers of two types do not fit into one.
template <class First, class Last>
  requires loop_bounds<First, Last>
constexpr auto range_between(const char* function, const First& first, const Last& last) {
  using bound = typename bound_between<First, Last>::type;
  if constexpr (loop_index<bound>) {
    if (!can_be<bound>(first) || !can_be<bound>(last)) throw_unlike_bounds(function);
    const auto from = static_cast<bound>(first);
    const auto to = static_cast<bound>(last);
    return loop_range<bound>(from, from < to ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) : 0);
  } else {
    return loop_range<bound>(first, first < last ? static_cast<std::uint64_t>(last - first) : 0);
  }
}

template <loopable Range>
constexpr auto range_over(Range& range) {
  return loop_range<std::ranges::iterator_t<Range>>(std::ranges::begin(range),
                                                    static_cast<std::uint64_t>(std::ranges::size(range)));
}

}  // namespace filch::inline v0_1::detail
