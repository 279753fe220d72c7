// A set of processors by the numbers the operating system gives them. They are sparse, and more than 1024 of
// them is normal, so the set is a bit per index in as many words as the largest index needs: no fixed size as
// in cpu_set_t.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

namespace filch::inline v0_1 {

/// A set of processor indices of the operating system.
///
/// Thread safety: that of a standard container. Blocking: none. Throws: only what the members say.
class cpu_set {
 public:
  class iterator;

  /// The largest index a set can hold: above any machine, and too low for a mistake to eat the memory.
  static constexpr unsigned max_index = (1U << 20) - 1;

  cpu_set() = default;
  cpu_set(std::initializer_list<unsigned> cpus);

  /// Puts `cpu` in. Throws `std::invalid_argument` above `max_index`. Complexity: constant, amortised.
  void add(unsigned cpu);
  /// Takes `cpu` out; nothing happens if it was not in.
  void remove(unsigned cpu) noexcept;
  [[nodiscard]] bool contains(unsigned cpu) const noexcept;

  /// How many are in. Complexity: linear in the words.
  [[nodiscard]] std::size_t count() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return words_.empty(); }

  /// The smallest index. Throws `std::out_of_range` if the set is empty.
  [[nodiscard]] unsigned first() const;

  /// Is every member of this set in `other`? The empty set is a subset of all.
  [[nodiscard]] bool is_subset_of(const cpu_set& other) const noexcept;
  [[nodiscard]] bool intersects(const cpu_set& other) const noexcept;

  cpu_set& operator&=(const cpu_set& other) noexcept;
  cpu_set& operator|=(const cpu_set& other);
  cpu_set& operator-=(const cpu_set& other) noexcept;

  [[nodiscard]] friend cpu_set operator&(cpu_set left, const cpu_set& right) { return left &= right; }
  [[nodiscard]] friend cpu_set operator|(cpu_set left, const cpu_set& right) { return left |= right; }
  [[nodiscard]] friend cpu_set operator-(cpu_set left, const cpu_set& right) { return left -= right; }
  [[nodiscard]] friend bool operator==(const cpu_set&, const cpu_set&) = default;

  /// Iterates upwards. Adding and removing invalidate iterators.
  [[nodiscard]] iterator begin() const noexcept;
  [[nodiscard]] iterator end() const noexcept;

  /// The list format of Linux: "0-3,8"; "" for the empty set.
  [[nodiscard]] std::string to_string() const;

 private:
  static constexpr unsigned word_bits = 64;

  // The smallest member that is not below `from`, or the number of bits if there is none.
  [[nodiscard]] std::size_t next(std::size_t from) const noexcept;
  void drop_empty_words() noexcept;

  std::vector<std::uint64_t> words_;  // the last word is never 0: equal sets have equal words
};

/// A forward iterator over the members.
class cpu_set::iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = unsigned;
  using difference_type = std::ptrdiff_t;
  using pointer = const unsigned*;
  using reference = unsigned;

  iterator() = default;

  [[nodiscard]] unsigned operator*() const noexcept { return static_cast<unsigned>(position_); }
  iterator& operator++() noexcept {
    position_ = set_->next(position_ + 1);
    return *this;
  }
  iterator operator++(int) noexcept {
    iterator before = *this;
    ++*this;
    return before;
  }
  [[nodiscard]] friend bool operator==(const iterator&, const iterator&) = default;

 private:
  friend class cpu_set;
  iterator(const cpu_set* set, std::size_t position) noexcept : set_(set), position_(position) {}

  const cpu_set* set_ = nullptr;
  std::size_t position_ = 0;
};

inline cpu_set::iterator cpu_set::begin() const noexcept { return {this, next(0)}; }
inline cpu_set::iterator cpu_set::end() const noexcept { return {this, words_.size() * word_bits}; }

}  // namespace filch::inline v0_1
