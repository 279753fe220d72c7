#include "count_words.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace wordcount {

namespace {

constexpr bool is_digit(char c) { return '0' <= c && c <= '9'; }
constexpr bool is_part_of_word(char c) {
  return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || is_digit(c) || c == '_';
}

void count_one(word_counts& counts, std::string_view word) {
  if (const auto known = counts.find(word); known != counts.end())
    ++known->second;
  else
    counts.emplace(word, 1);
}

/// Takes a text in pieces; a word may lie across several.
class word_scanner {
 public:
  explicit word_scanner(file_words& result) : result_(result) {}

  void scan(std::string_view piece) {
    auto rest = piece.begin();
    while (rest != piece.end()) {
      const auto end = std::find_if_not(rest, piece.end(), is_part_of_word);
      const std::string_view run(rest, end);
      if (end == piece.end()) return begin(run);
      finish(run);
      rest = std::find_if(end, piece.end(), is_part_of_word);
    }
  }

  /// The text has ended.
  void end() { finish({}); }

 private:
  // A run that reaches the end of its piece waits for the next one. Of an overlong one, enough is kept to
  // know it.
  void begin(std::string_view run) { begun_ += run.substr(0, longest_word + 1 - begun_.size()); }

  void finish(std::string_view run) {
    if (begun_.empty()) return count(run);
    begin(run);
    count(begun_);
    begun_.clear();
  }

  void count(std::string_view run) {
    if (run.empty() || is_digit(run.front())) return;
    if (run.size() > longest_word)
      ++result_.overlong;
    else
      count_one(result_.counts, run);
  }

  file_words& result_;
  std::string begun_;
};

struct file_closer {
  void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
};

[[noreturn]] void throw_unreadable() { throw std::system_error(errno, std::generic_category()); }

}  // namespace

file_words count_words(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, file_closer> input(std::fopen(file.c_str(), "rb"));
  if (input == nullptr) throw_unreadable();
  (void)std::setvbuf(input.get(), nullptr, _IONBF, 0);  // the pieces are the buffer

  constexpr std::size_t piece_bytes = std::size_t{64} * 1024;
  const auto piece = std::make_unique_for_overwrite<char[]>(piece_bytes);
  file_words result;
  word_scanner scanner(result);
  while (const std::size_t bytes = std::fread(piece.get(), 1, piece_bytes, input.get())) {
    result.bytes += bytes;
    scanner.scan({piece.get(), bytes});
  }
  if (std::ferror(input.get()) != 0) throw_unreadable();
  scanner.end();
  return result;
}

}  // namespace wordcount
