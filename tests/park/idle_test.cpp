// The idle protocol: first step by step, with another thread's steps put at fixed places; then with real threads, where
// no task may stay queued while its workers are parked.
#include <filch/detail/park/idle.hpp>

#include "base/stampede.hpp"
#include "park/parking_atomics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using filch::detail::idle_protocol;
using filch::detail::idle_seat;
using filch::detail::idle_word;
using filch::detail::park_token;
using filch::detail::parking_atomics;
using filch::detail::search_entry;
using filch_tests::budget;
using filch_tests::comes_true;
using filch_tests::crowd;
using filch_tests::dice;
using filch_tests::no_more_rounds;
using filch_tests::stampede;
using filch_tests::tries;

// --- one thread, step by step ---

/// Atomics whose fence and wait call what the test has put there. A wait that nobody has a step for would never end.
struct scripted_atomics : filch::detail::standard_atomics {
  static void full_fence() noexcept {
    ++fences;
    step(at_fence);
  }
  static void heavy_fence() noexcept { full_fence(); }
  static void light_fence() { step(at_light_fence); }
  static void wait(const std::atomic<std::uint32_t>& word, std::uint32_t) {
    ++waits;
    EXPECT_TRUE(at_wait) << "a worker parked for ever";
    if (!at_wait) const_cast<std::atomic<std::uint32_t>&>(word).store(1);
    step(at_wait);
  }
  static void wake(const std::atomic<std::uint32_t>&) noexcept { ++wakes; }

  static void step(std::function<void()>& next) {
    if (auto now = std::exchange(next, nullptr)) now();
  }
  static void reset() {
    at_fence = at_light_fence = at_wait = nullptr;
    fences = waits = wakes = 0;
  }
  static inline std::function<void()> at_fence;
  static inline std::function<void()> at_light_fence;
  static inline std::function<void()> at_wait;
  static inline int fences = 0;
  static inline int waits = 0;
  static inline int wakes = 0;
};

struct scripted_host {
  using atomics = scripted_atomics;

  bool work_visible() {
    ++looks;
    return queued != 0;
  }
  void out_of_work() { ++reports; }
  bool must_stay_awake(idle_seat) const { return stop; }
  unsigned search_limit(unsigned) const { return limit; }
  unsigned group_count() const { return static_cast<unsigned>(words.size()); }
  idle_word<atomics>& word(unsigned group) { return words[group]; }
  unsigned group_size(unsigned) const { return size; }
  unsigned nth_group(unsigned home, unsigned n) const { return (home + n) % group_count(); }
  park_token<atomics>& token(unsigned group, unsigned bit) { return tokens[group][bit]; }

  std::array<idle_word<atomics>, 3> words;
  std::array<std::array<park_token<atomics>, 4>, 3> tokens;
  unsigned size = 4;
  unsigned limit = 2;
  int queued = 0;
  bool stop = false;
  int looks = 0;
  int reports = 0;
};

class idle_step_by_step : public testing::Test {
 protected:
  idle_step_by_step() { scripted_atomics::reset(); }
  ~idle_step_by_step() override { scripted_atomics::reset(); }

  void submit(unsigned home = 0, unsigned count = 1) {
    host.queued += static_cast<int>(count);
    idle.work_arrived(home, count);
  }
  bool has_token(unsigned group, unsigned bit) const { return host.tokens[group][bit].word.load() == 1; }

  scripted_host host;
  idle_protocol<scripted_host, scripted_atomics> idle{host};
};

TEST_F(idle_step_by_step, work_for_which_nobody_is_parked_wakes_nobody) {
  submit();
  EXPECT_EQ(scripted_atomics::wakes, 0);
  for (auto& word : host.words) EXPECT_EQ(word.searchers(), 0U);
}

TEST_F(idle_step_by_step, work_wakes_one_worker_who_counts_as_searching_before_its_token) {
  host.words[0].park_busy(2);
  host.words[0].park_busy(3);
  submit();
  EXPECT_EQ(host.words[0].parked(), 8U);
  EXPECT_EQ(host.words[0].searchers(), 1U);
  EXPECT_TRUE(has_token(0, 2));
  EXPECT_FALSE(has_token(0, 3));
  submit();
  EXPECT_FALSE(has_token(0, 3)) << "one searches already, and will wake the next";
}

TEST_F(idle_step_by_step, work_wakes_nobody_while_somebody_searches_in_any_group) {
  host.words[0].park_busy(0);
  host.words[2].add_searcher();
  submit();
  EXPECT_EQ(scripted_atomics::wakes, 0);
  EXPECT_EQ(host.words[0].parked(), 1U);
}

TEST_F(idle_step_by_step, work_wakes_the_nearest_group_that_has_somebody) {
  host.words[0].park_busy(1);
  host.words[2].park_busy(1);
  submit(1);
  EXPECT_TRUE(has_token(2, 1)) << "from group 1 group 2 is nearer than group 0";
  EXPECT_FALSE(has_token(0, 1));
}

TEST_F(idle_step_by_step, a_batch_wakes_as_many_as_it_has_tasks_in_one_group) {
  for (const unsigned bit : {0U, 1U, 3U}) host.words[0].park_busy(bit);
  host.words[1].park_busy(0);
  submit(0, 2);
  EXPECT_EQ(host.words[0].parked(), 8U);
  EXPECT_EQ(host.words[0].searchers(), 2U);
  EXPECT_TRUE(has_token(0, 0));
  EXPECT_TRUE(has_token(0, 1));
  EXPECT_FALSE(has_token(1, 0));
}

TEST_F(idle_step_by_step, no_more_of_a_group_search_than_its_limit_says) {
  EXPECT_EQ(idle.try_begin_search({0, 0}), search_entry::searching);
  EXPECT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
  EXPECT_EQ(idle.try_begin_search({0, 2}), search_entry::crowded);
  EXPECT_EQ(idle.try_begin_search({1, 0}), search_entry::searching) << "each group has a limit of its own";
}

TEST_F(idle_step_by_step, a_worker_parks_and_the_waker_brings_it_back_searching) {
  ASSERT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
  scripted_atomics::at_wait = [&] {
    EXPECT_EQ(host.words[0].parked(), 2U);
    EXPECT_EQ(host.words[0].searchers(), 0U);
    submit();
  };
  idle.park_searcher({0, 1});
  EXPECT_EQ(scripted_atomics::waits, 1);
  EXPECT_EQ(host.words[0].parked(), 0U);
  EXPECT_EQ(host.words[0].searchers(), 1U);
  EXPECT_FALSE(has_token(0, 1)) << "the token was left behind";
  EXPECT_EQ(host.reports, 1) << "out_of_work() is called once by each worker that is about to park";
}

TEST_F(idle_step_by_step, work_pushed_before_the_bit_is_found_by_the_look_after_the_fence) {
  ASSERT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
  submit();  // sees a searcher and stays silent
  idle.park_searcher({0, 1});
  EXPECT_EQ(scripted_atomics::waits, 0);
  EXPECT_EQ(host.words[0].parked(), 0U);
  EXPECT_EQ(host.words[0].searchers(), 1U);
}

TEST_F(idle_step_by_step, work_pushed_between_the_bit_and_the_look_brings_a_token_that_is_not_left_behind) {
  for (const bool from_search : {true, false}) {
    scripted_atomics::reset();
    host.queued = 0;
    scripted_atomics::at_fence = [&] {
      EXPECT_EQ(host.words[0].parked(), 2U) << "the bit stands before the fence";
      submit();
    };
    if (from_search) {
      ASSERT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
      idle.park_searcher({0, 1});
    } else {
      idle.park_busy({0, 1});
    }
    EXPECT_EQ(host.words[0].searchers(), 1U) << "counted by the waker, and not again";
    EXPECT_FALSE(has_token(0, 1));
    ASSERT_EQ(host.words[0].end_search(), filch::detail::search_exit::last_searcher);
  }
}

TEST_F(idle_step_by_step, a_worker_that_was_claimed_waits_for_its_token_though_it_sees_work) {
  scripted_atomics::at_fence = [&] {
    host.queued = 1;
    ASSERT_NE(host.words[0].claim(1).workers, 0U);  // the waker is held up between its claim and its token
  };
  scripted_atomics::at_wait = [&] { host.token(0, 1).notify(); };
  idle.park_busy({0, 1});
  EXPECT_EQ(scripted_atomics::waits, 1);
  EXPECT_FALSE(has_token(0, 1));
  EXPECT_EQ(host.words[0].searchers(), 1U);
}

TEST_F(idle_step_by_step, a_wait_that_ends_for_no_reason_goes_on) {
  int spurious = 3;
  std::function<void()> again = [&] {
    if (spurious-- != 0)
      scripted_atomics::at_wait = again;
    else
      submit();
  };
  scripted_atomics::at_wait = again;
  idle.park_busy({0, 0});
  EXPECT_EQ(scripted_atomics::waits, 4);
  EXPECT_EQ(host.words[0].searchers(), 1U);
}

TEST_F(idle_step_by_step, a_stray_token_leaves_no_bit_behind) {
  scripted_atomics::at_wait = [&] { host.token(0, 3).notify(); };
  idle.park_busy({0, 3});
  EXPECT_EQ(host.words[0].parked(), 0U);
  EXPECT_EQ(host.words[0].searchers(), 1U);
}

TEST_F(idle_step_by_step, a_push_while_all_are_busy_has_no_fence_and_wakes_nobody) {
  ++host.queued;
  idle.work_pushed(0);
  EXPECT_EQ(scripted_atomics::fences, 0);
  EXPECT_EQ(scripted_atomics::wakes, 0);
}

TEST_F(idle_step_by_step, a_push_looks_again_after_a_fence_when_somebody_is_idle_in_any_group) {
  for (unsigned group = 0; group != host.group_count(); ++group) {
    scripted_atomics::reset();
    host.words[group].park_busy(1);
    scripted_atomics::at_fence = [&] { EXPECT_FALSE(has_token(group, 1)); };
    ++host.queued;
    idle.work_pushed(0);
    EXPECT_EQ(scripted_atomics::fences, 1);
    EXPECT_TRUE(has_token(group, 1));
    ASSERT_EQ(host.words[group].end_search(), filch::detail::search_exit::last_searcher);
    host.token(group, 1).wait();
  }
}

TEST_F(idle_step_by_step, a_push_of_several_wakes_as_many) {
  for (const unsigned bit : {0U, 1U, 2U}) host.words[0].park_busy(bit);
  host.queued += 2;
  idle.work_pushed(0, 2);
  EXPECT_EQ(host.words[0].searchers(), 2U);
  EXPECT_EQ(host.words[0].parked(), 4U);
}

TEST_F(idle_step_by_step, who_parks_between_a_push_and_its_look_is_seen) {
  scripted_atomics::at_light_fence = [&] { host.words[0].park_busy(1); };
  ++host.queued;
  idle.work_pushed(0);
  EXPECT_TRUE(has_token(0, 1));
}

TEST_F(idle_step_by_step, the_last_searcher_that_found_work_looks_once_more_and_wakes_the_next) {
  host.words[1].park_busy(0);
  ASSERT_EQ(idle.try_begin_search({0, 0}), search_entry::searching);
  ASSERT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
  submit();  // silent: two search
  submit();
  --host.queued;
  idle.found({0, 0});
  EXPECT_FALSE(has_token(1, 0)) << "another one searches still";
  EXPECT_EQ(scripted_atomics::fences, 0);
  scripted_atomics::at_fence = [&] { EXPECT_FALSE(host.words[0].somebody_searches()); };
  idle.found({0, 1});
  EXPECT_EQ(scripted_atomics::fences, 1) << "between leaving the search and the look";
  EXPECT_TRUE(has_token(1, 0)) << "the chain reaches over all groups";
  EXPECT_EQ(host.words[1].searchers(), 1U);
}

TEST_F(idle_step_by_step, a_wake_up_that_meets_a_searcher_goes_no_further) {
  host.words[1].park_busy(0);
  ASSERT_EQ(idle.try_begin_search({0, 0}), search_entry::searching);
  submit();
  submit();
  --host.queued;
  scripted_atomics::at_fence = [&] { EXPECT_EQ(idle.try_begin_search({0, 1}), search_entry::searching); };
  idle.found({0, 0});
  EXPECT_FALSE(has_token(1, 0)) << "the searcher in the first group finds what is left, or looks when it leaves";
  idle.found({0, 1});
  EXPECT_TRUE(has_token(1, 0)) << "it looked: the task is still there";
}

TEST_F(idle_step_by_step, the_last_searcher_that_took_the_only_task_wakes_nobody) {
  host.words[0].park_busy(0);
  ASSERT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
  idle.found({0, 1});
  EXPECT_EQ(scripted_atomics::wakes, 0);
  EXPECT_EQ(host.words[0].parked(), 1U);
}

TEST_F(idle_step_by_step, who_leaves_empty_handed_looks_again_and_searches_if_there_is_work) {
  ASSERT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
  EXPECT_FALSE(idle.leave_empty_handed({0, 1}));
  EXPECT_EQ(host.words[0].searchers(), 0U);
  EXPECT_EQ(host.reports, 1);
  ASSERT_EQ(idle.try_begin_search({0, 1}), search_entry::searching);
  scripted_atomics::at_fence = [&] {
    EXPECT_FALSE(host.words[0].somebody_searches());
    submit();  // sees nobody parked and nobody searching
  };
  EXPECT_TRUE(idle.leave_empty_handed({0, 1}));
  EXPECT_EQ(host.words[0].searchers(), 1U);
}

TEST_F(idle_step_by_step, a_call_up_wakes_one_of_those_also_while_others_search) {
  host.words[1].park_busy(0);
  host.words[1].park_busy(2);
  host.words[1].add_searcher();
  EXPECT_TRUE(idle.call_up(1, 4U));
  EXPECT_TRUE(has_token(1, 2));
  EXPECT_FALSE(has_token(1, 0));
  EXPECT_EQ(host.words[1].parked(), 1U);
  EXPECT_EQ(host.words[1].searchers(), 2U);
  EXPECT_FALSE(idle.call_up(1, 4U));
  EXPECT_FALSE(idle.call_up(0, ~std::uint64_t{0}));
  EXPECT_EQ(scripted_atomics::wakes, 1);
}

TEST_F(idle_step_by_step, stop_gives_everybody_a_token_and_a_late_sleeper_sees_the_flag) {
  host.stop = true;
  idle.stop();
  EXPECT_GE(scripted_atomics::fences, 1);
  for (unsigned each = 0; each != host.group_count(); ++each)
    for (unsigned bit = 0; bit != host.size; ++bit) EXPECT_TRUE(has_token(each, bit));
  idle.park_busy({2, 3});
  EXPECT_EQ(scripted_atomics::waits, 0);
  EXPECT_EQ(host.words[2].parked(), 0U);
  EXPECT_EQ(host.words[2].searchers(), 1U);
}

TEST_F(idle_step_by_step, a_second_notification_of_a_token_wakes_nobody_again) {
  park_token<scripted_atomics> token;
  token.notify();
  token.notify();
  EXPECT_EQ(scripted_atomics::wakes, 1);
  token.wait();
  EXPECT_EQ(scripted_atomics::waits, 0);
  EXPECT_EQ(token.word.load(), 0U);
}

// --- threads ---

/// Workers that take from counters, a counter a group, and park on the real futex.
class fake_pool {
 public:
  /// Each task is a call of `task`.
  fake_pool(unsigned groups, unsigned workers_per_group, unsigned search_turns, std::function<void()> task = [] {})
      : size_(workers_per_group),
        search_turns_(search_turns),
        task_(std::move(task)),
        groups_(groups),
        left_(groups * workers_per_group) {
    threads_ = std::make_unique<crowd>(groups * workers_per_group, [this](unsigned index) {
      work({index / size_, index % size_});
      left_.fetch_sub(1);
    });
  }
  ~fake_pool() { stop(); }

  void submit(unsigned home, unsigned count = 1) {
    submitted_.fetch_add(count);
    groups_[home].queued.fetch_add(count, std::memory_order_relaxed);
    filch::detail::full_fence();
    idle_.work_arrived(home, count);
  }

  /// Whether everything that was submitted gets done. If a task is left while all are parked, it never is.
  [[nodiscard]] bool gets_done() {
    return comes_true([&] { return executed_.load() == submitted_.load(); });
  }
  /// Whether all come to rest: everybody parked and nobody counted as searching.
  [[nodiscard]] bool comes_to_rest() {
    return comes_true([&] {
      for (worker_group& each : groups_)
        if (each.word.searchers() != 0 || std::popcount(each.word.parked()) != static_cast<int>(size_)) return false;
      return true;
    });
  }
  void stop() {
    if (threads_ == nullptr) return;
    stopping_.store(true);
    idle_.stop();
    threads_.reset();
  }
  [[nodiscard]] bool everybody_left() const { return left_.load() == 0; }
  [[nodiscard]] std::uint64_t searchers() {
    std::uint64_t sum = 0;
    for (worker_group& each : groups_) sum += each.word.searchers();
    return sum;
  }

  bool work_visible() {
    for (worker_group& each : groups_)
      if (each.queued.load(std::memory_order_relaxed) != 0) return true;
    return false;
  }
  void out_of_work() {}
  bool must_stay_awake(idle_seat) const { return stopping_.load(); }
  unsigned search_limit(unsigned) const { return size_ > 3 ? size_ / 2 : 1; }
  unsigned group_count() const { return static_cast<unsigned>(groups_.size()); }
  idle_word<parking_atomics>& word(unsigned group) { return groups_[group].word; }
  unsigned group_size(unsigned) const { return size_; }
  unsigned nth_group(unsigned home, unsigned n) const { return (home + n) % group_count(); }
  park_token<parking_atomics>& token(unsigned group, unsigned bit) { return groups_[group].tokens[bit]; }

 private:
  struct worker_group {
    alignas(64) std::atomic<std::uint64_t> queued{0};
    idle_word<parking_atomics> word;
    std::array<park_token<parking_atomics>, 8> tokens;
  };

  bool take(unsigned home) {
    for (unsigned n = 0; n != group_count(); ++n) {
      auto& queued = groups_[(home + n) % group_count()].queued;
      std::uint64_t now = queued.load(std::memory_order_relaxed);
      while (now != 0)
        if (queued.compare_exchange_weak(now, now - 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void run() {
    task_();
    executed_.fetch_add(1);
  }

  // busy -> searching or parked -> ... as a worker does.
  void work(idle_seat seat) {
    for (;;) {
      while (take(seat.group)) run();
      bool searching = idle_.try_begin_search(seat) == search_entry::searching;
      for (;;) {
        if (searching) {
          bool found = take(seat.group);
          for (unsigned turn = 0; !found && turn != search_turns_; ++turn) found = take(seat.group);
          if (found) {
            idle_.found(seat);
            run();
            break;
          }
          if (stopping_.load()) {
            (void)idle_.leave_empty_handed(seat);
            return;
          }
          idle_.park_searcher(seat);
        } else {
          idle_.park_busy(seat);
        }
        searching = true;
      }
    }
  }

  const unsigned size_;
  const unsigned search_turns_;
  const std::function<void()> task_;
  std::vector<worker_group> groups_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> submitted_{0};
  std::atomic<std::uint64_t> executed_{0};
  std::atomic<unsigned> left_;
  idle_protocol<fake_pool, parking_atomics> idle_{*this};
  std::unique_ptr<crowd> threads_;
};

TEST(idle, one_submitter_and_one_worker_that_parks_each_time) {
  constexpr std::uint64_t rounds = tries(10'000, 2'000);
  fake_pool pool(1, 1, 0);
  const budget time;
  for (std::uint64_t round = 0; round != rounds && !time.spent(); ++round) {
    pool.submit(0);
    ASSERT_TRUE(pool.gets_done());
  }
  EXPECT_TRUE(pool.comes_to_rest());
}

struct shape {
  unsigned groups;
  unsigned workers;  // a group
  unsigned search_turns;
};

class idle_stampede : public testing::TestWithParam<shape> {};

INSTANTIATE_TEST_SUITE_P(shapes, idle_stampede,
                         testing::Values(shape{1, 2, 0}, shape{1, 4, 30}, shape{2, 1, 0}, shape{3, 2, 10}),
                         [](const auto& tested) {
                           return std::to_string(tested.param.groups) + "_groups_of_" +
                                  std::to_string(tested.param.workers) + "_with_" +
                                  std::to_string(tested.param.search_turns) + "_turns";
                         });

TEST_P(idle_stampede, no_task_is_left_while_workers_are_parked) {
  constexpr std::uint64_t rounds = tries(4'000, 400);
  constexpr unsigned submitters = 2;
  fake_pool pool(GetParam().groups, GetParam().workers, GetParam().search_turns);
  std::atomic<std::uint64_t> arrived{0};
  std::atomic<std::uint64_t> done{0};
  const budget time;
  stampede(submitters, [&](unsigned part) {
    dice random(part + 1);
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      const auto tasks = random.roll(3);
      for (std::uint64_t i = 0; i <= tasks; ++i) {
        pool.submit(static_cast<unsigned>(random.roll(GetParam().groups)), static_cast<unsigned>(1 + random.roll(3)));
        for (std::uint64_t turn = random.roll(200); turn != 0; --turn) filch::detail::pause();
      }
      if (arrived.fetch_add(1) + 1 == submitters * round) {
        ASSERT_TRUE(pool.gets_done()) << "a task is left in round " << round;
        // Parked to the last in some rounds; in others the next round meets workers on their way to sleep.
        ASSERT_TRUE(round % 8 != 0 || pool.comes_to_rest()) << "a worker is lost or miscounted in round " << round;
        done.store(time.spent() ? no_more_rounds : round);
      }
      ASSERT_TRUE(comes_true([&] { return done.load() >= round; }));
      if (done.load() == no_more_rounds) return;
    }
  });
  EXPECT_TRUE(pool.comes_to_rest());
}

// A task that runs for long must not be the only one awake while another is queued: here each waits for the other.
TEST_P(idle_stampede, two_tasks_that_wait_for_each_other_both_run) {
  constexpr std::uint64_t rounds = tries(2'000, 300);
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> awaited{0};
  fake_pool pool(GetParam().groups, GetParam().workers, GetParam().search_turns, [&] {
    begun.fetch_add(1);
    while (begun.load() < awaited.load()) std::this_thread::yield();
  });
  dice random(1);
  const budget time;
  for (std::uint64_t round = 1; round <= rounds && !time.spent(); ++round) {
    awaited.store(2 * round);
    const auto home = static_cast<unsigned>(random.roll(GetParam().groups));
    if (random.roll(2) == 0) {
      pool.submit(home, 2);
    } else {
      pool.submit(home);
      for (std::uint64_t turn = random.roll(300); turn != 0; --turn) filch::detail::pause();
      pool.submit(home);
    }
    ASSERT_TRUE(pool.gets_done()) << "one is queued while the other waits, in round " << round;
  }
  EXPECT_TRUE(pool.comes_to_rest());
}

TEST_P(idle_stampede, stop_wakes_everybody_whatever_they_are_doing) {
  constexpr std::uint64_t rounds = tries(300, 60);
  dice random(1);
  const budget time;
  for (std::uint64_t round = 0; round != rounds && !time.spent(); ++round) {
    fake_pool pool(GetParam().groups, GetParam().workers, GetParam().search_turns);
    ASSERT_TRUE(round % 3 != 0 || pool.comes_to_rest());
    for (std::uint64_t i = random.roll(4); i != 0; --i) pool.submit(0);
    pool.stop();  // hangs if somebody sleeps on
    EXPECT_TRUE(pool.everybody_left());
    EXPECT_TRUE(pool.gets_done()) << "who stops takes what is there first";
    EXPECT_EQ(pool.searchers(), 0U);
  }
}

}  // namespace
