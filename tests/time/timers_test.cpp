// The map of what waits, and the thread that watches it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <filch/detail/time/pool_timers.hpp>
#include <filch/detail/time/timed_entry.hpp>

#include "runtime/process_probe.hpp"
#include "time/timed_pool.hpp"
#include "time/timers.hpp"
#include "time/timers_of.hpp"

namespace {

using namespace filch_tests;

class timers_test : public timed_pool_test {};
INSTANTIATE_POOL_SHAPES(timers_test);

/// Notes in which order they are queued.
class noted final : public filch::detail::timed_entry {
 public:
  noted(std::vector<int>& notes, int number, int refusals = 0)
      : timed_entry(filch::detail::entry_kind::once), notes_(notes), number_(number), refusals_(refusals) {}
  [[nodiscard]] int ends() const { return ends_; }

 private:
  filch::detail::after_due come_due() override {
    if (refusals_-- > 0) throw std::bad_alloc();
    notes_.push_back(number_);
    return {};
  }
  void end() noexcept override { ++ends_; }

  std::vector<int>& notes_;
  const int number_;
  int refusals_;
  int ends_ = 0;
};

TEST_P(timers_test, queues_in_the_order_of_their_times_and_of_the_same_time_as_they_came) {
  filch::scheduler& pool = make_timed_pool();
  filch::detail::timers& all = filch::detail::timers_of(pool).in;
  std::vector<int> notes;
  std::vector<std::unique_ptr<noted>> entries;
  for (int i = 0; i != 300; ++i) {
    const int due = (i * 7) % 30;
    entries.push_back(std::make_unique<noted>(notes, due * 1'000 + i));
    all.add(*entries.back(), clock.now() + due * 1ms);
  }
  clock.advance(1s);
  ASSERT_EQ(notes.size(), 300U);
  EXPECT_TRUE(std::is_sorted(notes.begin(), notes.end()));
}

TEST_P(timers_test, what_is_taken_out_does_not_come_and_can_be_put_in_again) {
  filch::scheduler& pool = make_timed_pool();
  filch::detail::timers& all = filch::detail::timers_of(pool).in;
  std::vector<int> notes;
  noted first(notes, 1);
  noted second(notes, 2);
  all.add(first, clock.now() + 1s);
  all.add(second, clock.now() + 2s);
  EXPECT_TRUE(all.withdraw(first));
  EXPECT_FALSE(all.withdraw(first));
  clock.advance(1s);
  EXPECT_TRUE(notes.empty());
  all.add(first, clock.now() + 5s);
  clock.advance(5s);
  EXPECT_EQ(notes, (std::vector<int>{2, 1}));
  EXPECT_FALSE(all.withdraw(second));
}

TEST_P(timers_test, what_cannot_be_queued_keeps_its_place_and_is_tried_again) {
  filch::scheduler& pool = make_timed_pool();
  filch::detail::timers& all = filch::detail::timers_of(pool).in;
  std::vector<int> notes;
  noted first(notes, 1, 3);
  noted second(notes, 2);
  all.add(first, clock.now());
  all.add(second, clock.now() + 1s);
  clock.advance(1s);
  EXPECT_TRUE(eventually([&] {
    const std::scoped_lock lock(all.mutex());
    return notes.size() == 2;
  }));
  std::sort(notes.begin(), notes.end());
  EXPECT_EQ(notes, (std::vector<int>{1, 2}));
}

TEST_P(timers_test, what_cannot_be_queued_keeps_nobody_else_waiting) {
  filch::scheduler& pool = make_timed_pool();
  filch::detail::timers& all = filch::detail::timers_of(pool).in;
  std::vector<int> notes;
  noted first(notes, 1, 1'000'000);
  noted second(notes, 2);
  all.add(first, clock.now());
  all.add(second, clock.now());
  clock.advance(0s);
  {
    const std::scoped_lock lock(all.mutex());
    EXPECT_EQ(notes, (std::vector<int>{2}));
  }
  EXPECT_TRUE(all.withdraw(first));
}

TEST_P(timers_test, what_is_due_at_the_end_of_all_time_never_is) {
  filch::scheduler& pool = make_timed_pool();
  filch::detail::timers& all = filch::detail::timers_of(pool).in;
  std::vector<int> notes;
  noted never(notes, 1);
  all.add(never, std::chrono::steady_clock::time_point::max());
  auto series = filch::submit_every(pool, 1s, [] {});
  clock.advance(std::chrono::hours::max());
  pool.wait_idle();
  EXPECT_TRUE(notes.empty());
  EXPECT_TRUE(all.withdraw(never));
  EXPECT_EQ(pool.metrics().total().executed, 1U);
}

TEST_P(timers_test, what_comes_when_the_pool_cancels_ends_at_once) {
  filch::scheduler& pool = make_timed_pool();
  filch::detail::timers& all = filch::detail::timers_of(pool).in;
  std::vector<int> notes;
  noted early(notes, 1);
  noted late(notes, 2);
  all.add(early, clock.now() + 1s);
  all.cancel();
  EXPECT_EQ(early.ends(), 1);
  all.add(late, clock.now());
  EXPECT_EQ(late.ends(), 1);
  EXPECT_TRUE(notes.empty());
}

TEST_P(timers_test, the_thread_has_a_name_starts_with_the_first_timer_and_ends_with_the_pool) {
  const std::size_t before = thread_count();
  filch::scheduler_options options = shape();
  options.name = "clocked";
  filch::scheduler& pool = make_pool(options);
  filch::use_clock(pool, clock);
  const auto has_timer_thread = [] {
    const std::vector<std::string> names = thread_names();
    return std::find(names.begin(), names.end(), "clocked/timer") != names.end();
  };
  EXPECT_FALSE(has_timer_thread());
  EXPECT_TRUE(no_thread_is_left(before + width()));
  auto later = filch::submit_after(pool, 1s, [] {});
  EXPECT_TRUE(eventually(has_timer_thread));
  later.cancel();
  destroy_pool(pool);
  EXPECT_TRUE(no_thread_is_left(before));
}

// The hook comes when the pool is about to have ended.
TEST_P(timers_test, a_stop_hook_that_is_the_first_to_want_one_is_refused_and_leaves_no_thread) {
  const std::size_t before = thread_count();
  std::atomic<unsigned> refused{0};
  filch::scheduler* own = nullptr;
  filch::scheduler_options options = shape();
  options.on_worker_stop = [&](const filch::worker_info&) {
    try {
      (void)filch::submit_after(*own, 1s, [] {});
    } catch (const filch::closed&) {
      refused.fetch_add(1);
    }
    try {
      (void)filch::submit_every(*own, 1s, [] {});
    } catch (const filch::closed&) {
      refused.fetch_add(1);
    }
  };
  filch::scheduler& pool = make_pool(options);
  own = &pool;
  pool.shutdown();
  EXPECT_EQ(refused.load(), 2 * width());
  EXPECT_THROW((void)filch::submit_after(pool, 1s, [] {}), filch::closed);
  EXPECT_TRUE(no_thread_is_left(before));
}

TEST_P(timers_test, the_thread_may_run_wherever_the_pool_may) {
  filch::scheduler& pool = make_shaped_pool();
  const filch::cpu_set allowed = filch::current_thread_cpus();
  pool.submit([&] { (void)filch::submit_after(pool, 0s, [] {}); }).get();  // so that a pinned worker makes it
  pool.wait_idle();
  const std::string mask = cpus_of_thread("filch/timer");
  EXPECT_EQ(mask, allowed.to_string());
}

TEST_P(timers_test, in_a_pool_that_pins_nobody_the_thread_runs_where_it_was_born) {
  filch::scheduler_options options = shape();
  options.pinning = filch::pinning::none;
  filch::scheduler& pool = make_pool(options);
  filch::submit_after(pool, 0s, [] {}).get();
  EXPECT_EQ(cpus_of_thread("filch/timer"), filch::current_thread_cpus().to_string());
}

TEST_P(timers_test, whatever_waits_an_idle_pool_uses_no_cpu_time) {
  filch::scheduler_options options = shape();
  options.name = "quiet";
  filch::scheduler& pool = make_pool(options);
  std::vector<filch::future<void>> later;
  for (int i = 0; i != 1'000; ++i) later.push_back(filch::submit_after(pool, (1'000 - i) * 1h, [] {}));
  EXPECT_TRUE(eventually([&] {  // the last worker and the thread have gone into their system calls
    const std::uint64_t before = context_switches("quiet/");
    std::this_thread::sleep_for(10ms);
    return context_switches("quiet/") == before;
  }));
  const std::uint64_t switches = context_switches("quiet/");
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(context_switches("quiet/"), switches);
  for (auto& each : later) EXPECT_TRUE(each.cancel());
}

TEST_P(timers_test, a_hundred_thousand_by_the_real_clock_all_come) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<unsigned> ran{0};
  const unsigned all = scaled(100'000);
  unsigned cancelled = 0;
  {
    std::vector<filch::future<void>> later;
    later.reserve(all);
    for (unsigned i = 0; i != all; ++i)
      later.push_back(filch::submit_after(pool, (i * 7'919 % all) * 1us, [&] { ran.fetch_add(1); }));
    for (unsigned i = 0; i < all; i += 3) cancelled += later[i].cancel() ? 1 : 0;
  }
  pool.wait_idle();
  EXPECT_EQ(ran.load() + cancelled, all);
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = all - cancelled, .cancelled = cancelled}));
}

}  // namespace
