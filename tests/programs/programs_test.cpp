// Random programs come to the same on a pool as when they are run serially.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "programs/program.hpp"

namespace {

using bytes = std::vector<std::uint8_t>;

bytes bytes_of_seed(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  bytes made(std::uniform_int_distribution<std::size_t>(16, 600)(random));
  for (std::uint8_t& each : made) each = static_cast<std::uint8_t>(random());
  return made;
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const given = std::getenv(name);
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

TEST(programs, a_serial_run_is_repeatable_and_not_empty) {
  std::uint64_t runs = 0;
  for (std::uint64_t seed = 0; seed != 50; ++seed) {
    const filch_programs::program made = filch_programs::parse(bytes_of_seed(seed));
    const filch_programs::outcome once = filch_programs::run_serially(made);
    const filch_programs::outcome twice = filch_programs::run_serially(made);
    EXPECT_EQ(once.sums, twice.sums);
    EXPECT_EQ(once.runs, twice.runs);
    for (const std::uint64_t each : once.runs) runs += each;
  }
  EXPECT_GT(runs, 50U * 20U);
}

TEST(programs, no_bytes_are_a_program_that_does_nothing) {
  EXPECT_EQ(filch_programs::run_on_a_pool(filch_programs::parse({})), "");
}

// FILCH_PROGRAM_SEED=<n> repeats one of them, FILCH_PROGRAM_SECONDS=<n> goes on for so long from a seed of the clock's.
TEST(programs, of_random_bytes_come_to_the_same_on_a_pool) {
  const std::uint64_t seconds = number_from_environment("FILCH_PROGRAM_SECONDS", 0);
  const std::uint64_t first =
      seconds == 0 ? 1 : static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  const std::uint64_t only = number_from_environment("FILCH_PROGRAM_SEED", 0);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds == 0 ? 5 : seconds);
  std::uint64_t seed = only == 0 ? first : only;
  do {
    const std::string wrong = filch_programs::run_on_a_pool(filch_programs::parse(bytes_of_seed(seed)));
    ASSERT_EQ(wrong, "") << "FILCH_PROGRAM_SEED=" << seed;
    ++seed;
  } while (only == 0 && std::chrono::steady_clock::now() < until);
  RecordProperty("programs", std::to_string(seed - first));
}

TEST(programs, of_the_corpus_come_to_the_same_on_a_pool) {
  for (const auto& entry : std::filesystem::directory_iterator(FILCH_PROGRAM_CORPUS)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const bytes read{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    EXPECT_EQ(filch_programs::run_on_a_pool(filch_programs::parse(read)), "") << entry.path();
  }
}

}  // namespace
