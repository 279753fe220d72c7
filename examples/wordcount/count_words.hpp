// The words of one file. What a word is: see help_text in options.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace wordcount {

struct word_hash {
  using is_transparent = void;  // so that a word can be looked up without a string being made of it
  std::size_t operator()(std::string_view word) const noexcept { return std::hash<std::string_view>{}(word); }
};

using word_counts = std::unordered_map<std::string, std::uint64_t, word_hash, std::equal_to<>>;

struct file_words {
  word_counts counts;
  std::uint64_t bytes = 0;
  std::uint64_t overlong = 0;  // runs that were too long to be words
};

/// The longest run of characters that is a word: a file of one endless run costs no memory.
inline constexpr std::size_t longest_word = 1024;

/// Reads the file piece by piece. Throws std::system_error when it cannot be read.
file_words count_words(const std::filesystem::path& file);

}  // namespace wordcount
