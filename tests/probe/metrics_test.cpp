// Adding the rows of a snapshot up, and printing them.
#include <filch/probe/metrics.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

namespace {

using filch::pool_metrics;
using filch::worker_metrics;

// All fields in the order of their declaration, which is that of the table.
std::vector<std::uint64_t worker_metrics::*> fields() {
  return {&worker_metrics::executed,       &worker_metrics::cancelled,        &worker_metrics::failed,
          &worker_metrics::spawned,        &worker_metrics::stolen,           &worker_metrics::steal_attempts,
          &worker_metrics::lost,           &worker_metrics::injected_batches, &worker_metrics::injected_tasks,
          &worker_metrics::spills,         &worker_metrics::parks,            &worker_metrics::wakes,
          &worker_metrics::claims,         &worker_metrics::blocked_waits};
}

worker_metrics row(std::uint64_t first) {
  worker_metrics made;
  for (const auto field : fields()) made.*field = first++;
  return made;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> found;
  for (std::string line; std::getline(in, line);) found.push_back(line);
  return found;
}

TEST(metrics, the_list_of_this_test_has_every_field) {
  EXPECT_EQ(fields().size() * sizeof(std::uint64_t), sizeof(worker_metrics));
}

TEST(metrics, adding_a_row_adds_every_field) {
  worker_metrics sum = row(1);
  sum += row(100);
  std::uint64_t expected = 101;
  for (const auto field : fields()) {
    EXPECT_EQ(sum.*field, expected);
    expected += 2;
  }
}

TEST(metrics, the_total_is_of_workers_spares_and_outside) {
  pool_metrics metrics;
  EXPECT_EQ(metrics.total().executed, 0U);
  metrics.workers = {row(1), row(10)};
  metrics.spares = {row(100)};
  metrics.outside = row(1000);
  std::uint64_t expected = 1111;
  for (const auto field : fields()) {
    EXPECT_EQ(metrics.total().*field, expected);
    expected += 4;
  }
  EXPECT_EQ(metrics.submitted(), metrics.total().spawned);
}

TEST(metrics, the_table_has_a_line_for_each_row_and_a_column_for_each_field) {
  pool_metrics metrics;
  metrics.workers = {row(1), row(10)};
  metrics.spares = {row(100)};
  metrics.outside = row(1000);
  metrics.spares_in_use = 3;
  metrics.dropped_exceptions = 77;
  metrics.latency.add(filch::latency_histogram::bucket_of(10), 5);
  std::ostringstream out;
  out << metrics;
  const auto table = lines(out.str());
  ASSERT_EQ(table.size(), 7U) << out.str();
  EXPECT_EQ(words(table[0]).size(), fields().size() + 1);
  EXPECT_EQ(words(table[0]).front(), "worker");
  EXPECT_EQ(words(table[1]).front(), "0");
  EXPECT_EQ(words(table[2]).front(), "1");
  EXPECT_EQ(table[3].substr(0, 7), "spare 0");
  EXPECT_EQ(words(table[4]).front(), "outside");
  EXPECT_EQ(words(table[5]).front(), "total");
  for (std::size_t i = 0; i != fields().size(); ++i) {
    EXPECT_EQ(words(table[2])[i + 1], std::to_string(10 + i));
    EXPECT_EQ(words(table[3])[i + 2], std::to_string(100 + i));
    EXPECT_EQ(words(table[5])[i + 1], std::to_string(1111 + 4 * i));
  }
  EXPECT_NE(table[6].find("p50 10 ns"), std::string::npos) << table[6];
  EXPECT_NE(table[6].find("5 samples"), std::string::npos) << table[6];
  EXPECT_NE(table[6].find("3 spares in use"), std::string::npos) << table[6];
  EXPECT_NE(table[6].find("77 dropped"), std::string::npos) << table[6];
}

TEST(metrics, printing_leaves_the_stream_as_it_was) {
  std::ostringstream out;
  out << std::hex << std::left << std::setfill('*');
  const auto flags = out.flags();
  out << pool_metrics{};
  EXPECT_EQ(out.flags(), flags);
  EXPECT_EQ(out.fill(), '*');
  EXPECT_EQ(out.width(), 0);
}

TEST(metrics, large_numbers_do_not_run_into_each_other) {
  pool_metrics metrics;
  metrics.workers = {row(~std::uint64_t{0} - 100)};
  std::ostringstream out;
  out << metrics;
  EXPECT_EQ(words(lines(out.str())[1]).size(), fields().size() + 1) << out.str();
}

}  // namespace
