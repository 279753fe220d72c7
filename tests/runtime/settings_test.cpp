// What a pool makes of its options and its environment.
#include "runtime/settings.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <filch/topology/binding.hpp>
#include <filch/topology/worker_count.hpp>

#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;
using filch::detail::chunk_source;
using filch::detail::decide_settings;

/// FILCH_WORKERS, set or unset, for as long as this lives.
class workers_variable {
 public:
  explicit workers_variable(const char* value) {
    if (const char* const before = std::getenv(name); before != nullptr) before_ = before;
    set(value);
  }
  ~workers_variable() { set(before_ ? before_->c_str() : nullptr); }
  workers_variable(const workers_variable&) = delete;
  workers_variable& operator=(const workers_variable&) = delete;

 private:
  static constexpr const char* name = "FILCH_WORKERS";
  static void set(const char* value) { (void)(value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1)); }
  std::optional<std::string> before_;
};

/// The sentence with which a pool refuses these options; empty when it does not.
std::string refusal(filch::scheduler_options options) {
  try {
    const filch::scheduler pool(std::move(options));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

void expect_refused(filch::scheduler_options options, const std::string& option, const std::string& remedy) {
  const std::size_t threads = thread_count();
  const std::string sentence = refusal(std::move(options));
  EXPECT_NE(sentence.find("filch: "), std::string::npos) << sentence;
  EXPECT_NE(sentence.find(option), std::string::npos) << sentence;
  EXPECT_NE(sentence.find(remedy), std::string::npos) << sentence;
  EXPECT_TRUE(no_thread_is_left(threads));
}

class settings_test : public pool_test {};

TEST_F(settings_test, a_worker_count_out_of_range_is_refused) {
  for (const std::int64_t workers : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{filch::max_workers} + 1,
                                     std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
    expect_refused({.workers = workers}, "workers is " + std::to_string(workers), "1 to 4096");
}

TEST_F(settings_test, a_largest_size_out_of_range_is_refused) {
  for (const std::int64_t most : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{filch::max_workers} + 1})
    expect_refused({.max_workers = most}, "max_workers is " + std::to_string(most), "1 to 4096");
  expect_refused({.workers = 3, .max_workers = 2}, "max_workers is 2", "at least scheduler_options::workers, which is 3");
}

TEST_F(settings_test, there_may_be_as_many_workers_as_there_are_at_first_unless_it_is_said) {
  EXPECT_EQ(decide_settings({.workers = 3}).most_workers(), 3U);
  EXPECT_EQ(decide_settings({.workers = 3}).first_workers, 3U);
  EXPECT_EQ(decide_settings({.workers = 3, .max_workers = 5}).most_workers(), 5U);
  EXPECT_EQ(decide_settings({.workers = 3, .max_workers = 5}).first_workers, 3U);
}

TEST_F(settings_test, a_default_is_cut_to_the_largest_size_and_says_so) {
  const workers_variable variable("7");
  const filch::detail::settings cut = decide_settings({.max_workers = 2});
  EXPECT_EQ(cut.first_workers, 2U);
  EXPECT_NE(cut.why_workers.find("max_workers"), std::string::npos) << cut.why_workers;
  EXPECT_NE(cut.why_workers.find("FILCH_WORKERS"), std::string::npos) << cut.why_workers;
  EXPECT_EQ(decide_settings({.max_workers = 9}).first_workers, 7U);
}

TEST_F(settings_test, spares_out_of_range_are_refused) {
  for (const std::int64_t spares : {std::int64_t{-1}, std::int64_t{39}, std::numeric_limits<std::int64_t>::max()})
    expect_refused({.workers = 1, .spares = spares}, "spares is " + std::to_string(spares), "0 to 38");
}

TEST_F(settings_test, a_spin_out_of_range_is_refused) {
  expect_refused({.workers = 1, .spin = -1ns}, "spin is -1 ns", "between 0 and a second");
  expect_refused({.workers = 1, .spin = 1h}, "spin", "between 0 and a second");
}

TEST_F(settings_test, a_stack_too_small_for_a_thread_is_refused) {
  expect_refused({.workers = 1, .stack_size = 1}, "stack_size is 1", "at least");
}

TEST_F(settings_test, a_deque_capacity_that_is_no_power_of_two_is_refused) {
  for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{1} << 21,
                                     std::numeric_limits<std::size_t>::max()})
    expect_refused({.workers = 1, .deque_capacity = capacity}, "deque_capacity is " + std::to_string(capacity),
                   "power of two");
}

TEST_F(settings_test, the_extremes_that_are_allowed_work) {
  const workers_variable unset(nullptr);
  EXPECT_EQ(make_pool({.workers = 1, .spin = 0ns, .spares = 0, .name = "", .latency_sampling = 0, .deque_capacity = 2})
                .submit([] { return 42; })
                .get(),
            42);
  EXPECT_EQ(make_pool({.workers = 1,
                       .spares = 38,
                       .name = std::string(1'000, 'x'),
                       .stack_size = std::size_t{1} << 20,
                       .latency_sampling = 1,
                       .deque_capacity = std::size_t{1} << 20})
                .submit([] { return 42; })
                .get(),
            42);
}

TEST_F(settings_test, the_variable_replaces_the_default) {
  for (const unsigned workers : {1U, 3U, 64U}) {
    const workers_variable variable(std::to_string(workers).c_str());
    const filch::scheduler pool;
    EXPECT_EQ(pool.worker_count(), workers);
    EXPECT_NE(pool.describe().find("FILCH_WORKERS"), std::string::npos) << pool.describe();
  }
}

TEST_F(settings_test, a_variable_that_is_no_count_is_refused_with_what_would_be_right) {
  for (const std::string value : {"banana", "0", "-3", " 4", "4 ", "", "+4", "4.5", "0x4", "16385", "99999999999999999999"}) {
    const workers_variable variable(value.c_str());
    expect_refused({}, "FILCH_WORKERS=\"" + value + "\"", "1 to 4096, or unset it");
  }
}

TEST_F(settings_test, an_explicit_count_ignores_the_variable) {
  for (const char* const value : {"banana", "0", "64"}) {
    const workers_variable variable(value);
    EXPECT_EQ(filch::scheduler({.workers = 2}).worker_count(), 2U);
  }
}

TEST_F(settings_test, the_default_is_within_what_the_thread_may_use) {
  const workers_variable unset(nullptr);
  const filch::scheduler pool;
  EXPECT_GE(pool.worker_count(), 1U);
  EXPECT_LE(pool.worker_count(), filch::current_thread_cpus().count());
}

TEST_F(settings_test, spinning_is_off_by_default_where_workers_outnumber_the_hardware) {
  const auto allowed = static_cast<std::int64_t>(filch::current_thread_cpus().count());
  const auto too_many = static_cast<unsigned>(allowed + 1);
  EXPECT_EQ(decide_settings({}).spin_of(too_many), 0ns);
  EXPECT_EQ(decide_settings({}).spin_of(too_many - 1), 20us);
  EXPECT_EQ(decide_settings({.spin = 1us}).spin_of(too_many), 1us);
}

TEST_F(settings_test, only_workers_that_are_held_near_one_of_several_nodes_have_fresh_pages_for_their_tasks) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // In a process of its own: a topology is detected once.
  const auto exit_0_if_memory_is = [](const char* machine, chunk_source memory) {
    ::setenv("HWLOC_SYNTHETIC", machine, 1);
    const bool held = decide_settings({.workers = 4}).memory == memory;
    const bool loose = decide_settings({.workers = 4, .pinning = filch::pinning::none}).memory == chunk_source::heap;
    std::exit(held && loose ? 0 : 1);
  };
  EXPECT_EXIT(exit_0_if_memory_is("numa:2 core:2 pu:1", chunk_source::fresh_pages), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(exit_0_if_memory_is("core:4 pu:1", chunk_source::heap), testing::ExitedWithCode(0), "");
}

}  // namespace
