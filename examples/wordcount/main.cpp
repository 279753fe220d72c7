// Counts the words of every file below a directory, one filch task a file, and shows what the pool did.
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <utility>

#include <filch/filch.hpp>

#include "count_words.hpp"
#include "find_files.hpp"
#include "options.hpp"
#include "report.hpp"

namespace {

enum exit_status { success = 0, something_unreadable = 1, nothing_done = 2 };

struct counting_file {
  std::filesystem::path path;
  filch::future<wordcount::file_words> words;
};

// How many files may wait to be counted or merged: enough that one big file does not leave the workers idle,
// and few enough that their words fit in memory.
constexpr std::size_t window = 256;

// Each file is a task, submitted as soon as it is found. A file that cannot be read is an exception of its
// task, which comes out of get().
void count_all(filch::scheduler& pool, const std::filesystem::path& directory, wordcount::totals& all) {
  std::deque<counting_file> counting;
  const auto merge_oldest = [&] {
    counting_file oldest = std::move(counting.front());
    counting.pop_front();
    try {
      all.add(oldest.words.get());
    } catch (const std::system_error& failure) {
      all.add_unreadable(oldest.path, failure.code());
    }
  };

  const auto found = [&](const std::filesystem::path& file) {
    counting.push_back({file, pool.submit([file] { return wordcount::count_words(file); })});
    if (counting.size() == window) merge_oldest();
  };
  const auto unreadable = [&](const std::filesystem::path& path, std::error_code why) {
    all.add_unreadable(path, why);
  };

  all.links = wordcount::find_files(directory, found, unreadable);
  while (!counting.empty()) merge_oldest();
}

exit_status run(const wordcount::options& options) {
  filch::scheduler pool({.name = "wordcount", .latency_sampling = 1});

  const auto began = std::chrono::steady_clock::now();
  wordcount::totals all;
  count_all(pool, options.directory, all);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;

  if (all.files == 0 && all.unreadable == 0) {
    std::cout << "There are no files below " << options.directory.string() << ": nothing to count.\n";
    return success;
  }
  wordcount::print_words(std::cout, all);
  wordcount::print_profile(std::cout, all, took, pool.metrics());
  return all.unreadable == 0 ? success : something_unreadable;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const wordcount::options options = wordcount::parse_options(argc, argv);
    if (options.wants_help) {
      std::cout << wordcount::help_text;
      return success;
    }
    return run(options);
  } catch (const std::exception& failure) {
    std::cerr << "wordcount: " << failure.what() << '\n';
    return nothing_done;
  }
}
