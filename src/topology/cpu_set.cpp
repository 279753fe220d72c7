// Set algebra on words. Each operation that can clear bits drops the empty words at the end, so that equality
// and emptiness are those of the vector.
#include <filch/topology/cpu_set.hpp>

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace filch::inline v0_1 {

cpu_set::cpu_set(std::initializer_list<unsigned> cpus) {
  for (const unsigned cpu : cpus) add(cpu);
}

void cpu_set::add(unsigned cpu) {
  if (cpu > max_index) {
    throw std::invalid_argument("filch: processor index " + std::to_string(cpu) + " is above " +
                                std::to_string(max_index) + ", the largest that a cpu_set holds");
  }
  const std::size_t word = cpu / word_bits;
  if (word >= words_.size()) words_.resize(word + 1);
  words_[word] |= std::uint64_t{1} << (cpu % word_bits);
}

void cpu_set::remove(unsigned cpu) noexcept {
  const std::size_t word = cpu / word_bits;
  if (word >= words_.size()) return;
  words_[word] &= ~(std::uint64_t{1} << (cpu % word_bits));
  drop_empty_words();
}

bool cpu_set::contains(unsigned cpu) const noexcept {
  const std::size_t word = cpu / word_bits;
  return word < words_.size() && (words_[word] >> (cpu % word_bits) & 1) != 0;
}

std::size_t cpu_set::count() const noexcept {
  std::size_t members = 0;
  for (const std::uint64_t word : words_) members += static_cast<std::size_t>(std::popcount(word));
  return members;
}

unsigned cpu_set::first() const {
  if (empty()) throw std::out_of_range("filch: an empty cpu_set has no first processor; ask empty() before");
  return *begin();
}

bool cpu_set::is_subset_of(const cpu_set& other) const noexcept {
  if (words_.size() > other.words_.size()) return false;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if ((words_[i] & ~other.words_[i]) != 0) return false;
  }
  return true;
}

bool cpu_set::intersects(const cpu_set& other) const noexcept {
  const std::size_t shared = std::min(words_.size(), other.words_.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if ((words_[i] & other.words_[i]) != 0) return true;
  }
  return false;
}

cpu_set& cpu_set::operator&=(const cpu_set& other) noexcept {
  if (words_.size() > other.words_.size()) words_.resize(other.words_.size());
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  drop_empty_words();
  return *this;
}

cpu_set& cpu_set::operator|=(const cpu_set& other) {
  if (words_.size() < other.words_.size()) words_.resize(other.words_.size());
  for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
  return *this;
}

cpu_set& cpu_set::operator-=(const cpu_set& other) noexcept {
  const std::size_t shared = std::min(words_.size(), other.words_.size());
  for (std::size_t i = 0; i < shared; ++i) words_[i] &= ~other.words_[i];
  drop_empty_words();
  return *this;
}

std::string cpu_set::to_string() const {
  std::string text;
  for (auto it = begin(); it != end();) {
    const unsigned low = *it;
    unsigned high = low;
    while (++it != end() && *it == high + 1) ++high;
    if (!text.empty()) text += ',';
    text += std::to_string(low);
    if (high != low) text += '-' + std::to_string(high);
  }
  return text;
}

std::size_t cpu_set::next(std::size_t from) const noexcept {
  std::size_t word = from / word_bits;
  if (word >= words_.size()) return words_.size() * word_bits;
  std::uint64_t rest = words_[word] & (~std::uint64_t{0} << (from % word_bits));
  while (rest == 0 && ++word < words_.size()) rest = words_[word];
  if (rest == 0) return words_.size() * word_bits;
  return word * word_bits + static_cast<std::size_t>(std::countr_zero(rest));
}

void cpu_set::drop_empty_words() noexcept {
  while (!words_.empty() && words_.back() == 0) words_.pop_back();
}

}  // namespace filch::inline v0_1
