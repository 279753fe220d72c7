// How a stream of results ends before its inputs do: abandoned by its consumer, stopped by a token, or with its pool.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "flow/both_orders.hpp"
#include "runtime/pool_fixture.hpp"
#include "runtime/process_probe.hpp"

namespace {

using namespace filch_tests;
using filch::map_options;
using filch::result_order;

class map_end_test : public shaped_pool_test {
 protected:
  /// Inputs that are counted while they live.
  std::shared_ptr<int> life = std::make_shared<int>();
  int taken = 0;

  struct input {
    std::shared_ptr<int> life;
    int number;
  };
  auto inputs() {
    return std::views::iota(0) | std::views::transform([this](int i) {
             ++taken;
             return input{life, i};
           });
  }
  [[nodiscard]] long alive() const { return life.use_count() - 1; }
};
INSTANTIATE_POOL_SHAPES(map_end_test);

template <class Range>
std::set<std::uint64_t> indices_of(Range&& range) {
  std::set<std::uint64_t> seen;
  for (auto& each : range) EXPECT_TRUE(seen.insert(each.index()).second);
  return seen;
}

// The size of an element is decided once: its token cannot be stopped any more when its last source has gone.
TEST_P(map_end_test, the_last_source_of_its_token_may_go_midway) {
  filch::scheduler& pool = make_shaped_pool();
  using large = std::array<char, 870>;  // one block size with the hook, another without it
  auto source = std::make_unique<std::stop_source>();
  filch::map_options options{.window = 64};
  options.task.stop = source->get_token();
  std::uint64_t pulled = 0;
  const auto inputs = std::views::iota(0, 2'000) | std::views::transform([](int) { return large{}; });
  for (const auto& each : filch::map(pool, inputs, [](const large& in) { return in[0]; }, options)) {
    EXPECT_EQ(each.value(), 0);
    if (++pulled == 100) source.reset();
  }
  EXPECT_EQ(pulled, 2'000U);
}

TEST_P(map_end_test, abandoned_before_begin_it_has_done_nothing) {
  filch::scheduler& pool = make_shaped_pool();
  { auto range = filch::map(pool, inputs(), [](const input& in) { return in.number; }); }
  EXPECT_EQ(taken, 0);
}

TEST_P(map_end_test, abandoned_midway_it_runs_nothing_more_and_its_inputs_die) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders)
    for (const int after : {1, 2, 50}) {
      std::atomic<int> called{0};
      taken = 0;
      for (auto& each : filch::map(
               pool, inputs(),
               [&](const input& in) {
                 called.fetch_add(1);
                 return in.life;
               },
               {.order = order, .window = 40})) {
        EXPECT_TRUE(each);
        if (static_cast<int>(each.index()) >= after) break;
      }
      EXPECT_EQ(alive(), 0);
      EXPECT_LE(called.load(), taken);
      const int then = called.load();
      EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
      EXPECT_EQ(called.load(), then);
    }
}

// The first element returns at once, so that the consumer comes out of begin(); the others hold all workers.

TEST_P(map_end_test, what_runs_and_takes_a_token_is_told_and_waited_for) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::atomic<unsigned> started{0};
    std::atomic<unsigned> ended{0};
    const auto until_told = [&](const std::stop_token& stop, const input& in) {
      if (in.number == 0) return;
      event told;
      const std::stop_callback tells(stop, [&] { told.set(); });
      started.fetch_add(1);
      EXPECT_TRUE(told.wait());
      ended.fetch_add(1);
    };
    const auto leave = [&] {
      for (auto& each : filch::map(pool, inputs(), until_told, {.order = order, .window = 20})) {
        EXPECT_EQ(each.index(), 0U);
        EXPECT_TRUE(eventually([&] { return started.load() == width(); }));
        throw std::runtime_error("left");
      }
    };
    EXPECT_THROW(leave(), std::runtime_error);
    EXPECT_EQ(started.load(), ended.load());
    EXPECT_EQ(alive(), 0);
  }
}

TEST_P(map_end_test, what_has_not_started_never_runs_and_what_runs_is_waited_for) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::atomic<unsigned> started{0};
    event go;
    event left;
    event gone;
    std::thread consumer([&] {
      for (auto& each : filch::map(
               pool, inputs(),
               [&](const input& in) {
                 if (in.number == 0) return;
                 started.fetch_add(1);
                 EXPECT_TRUE(go.wait());
               },
               {.order = order, .window = 20})) {
        EXPECT_EQ(each.index(), 0U);
        EXPECT_TRUE(eventually([&] { return started.load() == width(); }));
        break;
      }
      gone.set();
    });
    EXPECT_TRUE(eventually([&] { return started.load() == width() && alive() == static_cast<long>(width()); }));
    EXPECT_FALSE(gone.is_set());
    go.set();
    consumer.join();
    EXPECT_EQ(started.load(), width());
    EXPECT_EQ(alive(), 0);
  }
}

// What runs needs the worker that abandons it.
TEST_P(map_end_test, a_worker_that_abandons_is_stood_in_for) {
  filch::scheduler& here = make_shaped_pool();
  filch::scheduler& there = make_shaped_pool();
  for (const result_order order : both_orders) {
    event go;
    std::atomic<bool> runs{false};
    here.submit([&] {
          for (auto& each : filch::map(
                   there, std::views::iota(0),
                   [&](int i) {
                     if (i == 0) return 0;
                     runs.store(true);
                     EXPECT_TRUE(go.wait());
                     return here.submit([&] { return i; }).get();
                   },
                   {.order = order})) {
            EXPECT_EQ(*each, 0);
            EXPECT_TRUE(eventually([&] { return runs.load(); }));
            here.post([&] { go.set(); });
            break;
          }
        }).get();
    here.wait_idle();
  }
}

TEST_P(map_end_test, without_a_spare_a_worker_that_abandons_waits_all_the_same) {
  filch::scheduler_options options = shape();
  options.workers = 1;
  options.spares = 0;
  filch::scheduler& here = make_pool(options);
  filch::scheduler& there = make_shaped_pool();
  for (const result_order order : both_orders) {
    event go;
    std::atomic<bool> runs{false};
    std::atomic<unsigned> inside{0};
    auto abandons = here.submit([&] {
      auto range = filch::map(
          there, std::views::iota(0),
          [&](int i) {
            if (i == 0) return;
            inside.fetch_add(1);
            runs.store(true);
            EXPECT_TRUE(go.wait());
            inside.fetch_sub(1);
          },
          {.order = order});
      EXPECT_TRUE(eventually([&] {
        try {
          (void)range.begin();
          return runs.load();
        } catch (const filch::too_many_blocked&) {
          return false;
        }
      }));
    });
    EXPECT_TRUE(eventually([&] { return runs.load(); }));
    EXPECT_FALSE(abandons.ready());
    go.set();
    abandons.get();
    EXPECT_EQ(inside.load(), 0U);
  }
}

TEST_P(map_end_test, an_exception_that_was_pulled_does_not_count_as_dropped_and_one_that_was_abandoned_does) {
  filch::scheduler& pool = make_shaped_pool();
  const auto throws = [](int i) { throw i; };
  for (auto& each : filch::map(pool, std::views::iota(0, 10), throws)) EXPECT_FALSE(each);
  EXPECT_EQ(pool.metrics().dropped_exceptions, 0U);
  {
    auto range = filch::map(pool, std::views::iota(0, 10), throws, {.window = 10});
    (void)range.begin();
    pool.wait_idle();
  }
  EXPECT_EQ(pool.metrics().dropped_exceptions, 9U);
}

TEST_P(map_end_test, an_element_that_destroys_its_own_range_ends_the_program) {
  if (width() != 1) GTEST_SKIP() << "once is enough";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const result_order order : both_orders)
    EXPECT_DEATH(
        {
          filch::scheduler pool(shape());
          std::function<void()> destroy;
          const auto f = [&](int) { destroy(); };
          std::optional range(filch::map(pool, std::views::iota(0, 1), f, {.order = order}));
          destroy = [&] { range.reset(); };
          auto pulls = pool.submit([&] { (void)range->begin(); });
          pulls.wait();
        },
        "destroyed by one of its own elements");
}

// --- stop tokens ---

TEST_P(map_end_test, the_token_of_the_options_ends_what_has_not_started_tells_what_runs_and_ends_the_inputs) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    std::stop_source group;
    std::atomic<unsigned> held{0};
    taken = 0;
    std::thread stops([&] {
      EXPECT_TRUE(eventually([&] { return held.load() == width(); }));
      group.request_stop();
    });
    std::set<std::uint64_t> seen;
    unsigned cancelled = 0;
    for (auto& each : filch::map(
             pool, inputs(),
             [&](const std::stop_token& stop, const input& in) {
               if (in.number < 10) return;
               event told;
               const std::stop_callback tells(stop, [&] { told.set(); });
               held.fetch_add(1);
               EXPECT_TRUE(told.wait());
             },
             {.order = order, .window = 30, .task = {.stop = group.get_token()}})) {
      EXPECT_TRUE(seen.insert(each.index()).second);
      if (each) continue;
      EXPECT_THROW(each.value(), filch::task_cancelled);
      ++cancelled;
    }
    stops.join();
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(taken));
    EXPECT_EQ(*seen.rbegin() + 1, seen.size());
    EXPECT_GE(seen.size(), 10U + width());
    EXPECT_LE(seen.size(), 10U + 30U);
    EXPECT_LE(cancelled, 30U - width());
    EXPECT_EQ(alive(), 0);
  }
}

TEST_P(map_end_test, with_a_token_that_is_stopped_already_nothing_is_taken) {
  filch::scheduler& pool = make_shaped_pool();
  std::stop_source group;
  group.request_stop();
  auto range = filch::map(pool, inputs(), [](const input&) {}, {.task = {.stop = group.get_token()}});
  EXPECT_TRUE(range.begin() == range.end());
  EXPECT_EQ(taken, 0);
}

// --- the end of the pool ---

TEST_P(map_end_test, a_pool_that_is_closed_takes_nothing) {
  filch::scheduler& pool = make_shaped_pool();
  auto range = filch::map(pool, inputs(), [](const input&) {});
  pool.shutdown();
  EXPECT_THROW((void)range.begin(), filch::closed);
  EXPECT_THROW((void)range.begin(), filch::closed);
  EXPECT_EQ(taken, 0);
}

TEST_P(map_end_test, in_a_shutdown_that_drains_what_was_queued_comes_out_and_what_was_refused_has_closed) {
  for (const result_order order : both_orders) {
    filch::scheduler& pool = make_shaped_pool();
    taken = 0;
    std::set<std::uint64_t> seen;
    unsigned refused = 0;
    for (auto& each : filch::map(pool, inputs(), [](const input& in) { return in.number; }, {.order = order, .window = 20})) {
      EXPECT_TRUE(seen.insert(each.index()).second);
      if (seen.size() == 10) pool.shutdown();
      if (each) continue;
      EXPECT_THROW((void)each.value(), filch::closed);
      ++refused;
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(taken));
    EXPECT_EQ(*seen.rbegin() + 1, seen.size());
    EXPECT_GE(refused, 1U);
    EXPECT_EQ(alive(), 0);
  }
}

TEST_P(map_end_test, a_task_that_pulls_goes_on_while_its_pool_drains) {
  filch::scheduler& pool = make_shaped_pool();
  event began;
  auto pulls = pool.submit([&] {
    std::size_t good = 0;
    for (auto& each : filch::map(pool, std::views::iota(0, 100), [](int i) { return i; })) {
      if (each) ++good;
      began.set();
    }
    return good;
  });
  EXPECT_TRUE(began.wait());
  pool.shutdown();
  EXPECT_EQ(pulls.get(), 100U);
}

TEST_P(map_end_test, shutdown_now_cancels_what_has_not_started_and_the_range_ends) {
  for (const result_order order : both_orders) {
    filch::scheduler& pool = make_shaped_pool();
    taken = 0;
    event go;
    std::set<std::uint64_t> seen;
    unsigned cancelled = 0;
    std::atomic<unsigned> held{0};
    for (auto& each : filch::map(
             pool, inputs(),
             [&](const input& in) {
               if (in.number == 0) return;
               held.fetch_add(1);
               EXPECT_TRUE(go.wait());
             },
             {.order = order, .window = 20})) {
      EXPECT_TRUE(seen.insert(each.index()).second);
      if (seen.size() == 1) {
        EXPECT_TRUE(eventually([&] { return held.load() == width(); }));
        pool.shutdown_now();
        go.set();
      }
      if (each) continue;
      EXPECT_THROW(each.value(), filch::task_cancelled);
      ++cancelled;
    }
    EXPECT_EQ(held.load(), width());
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(taken));
    EXPECT_EQ(cancelled, static_cast<unsigned>(taken) - 1 - width());
    EXPECT_EQ(alive(), 0);
  }
}

TEST_P(map_end_test, a_task_that_pulls_endless_inputs_ends_with_shutdown_now) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    filch::scheduler& own = make_shaped_pool();
    event began;
    auto pulls = own.submit([&] {
      for (auto& each : filch::map(own, std::views::iota(0), [](int i) { return i; }, {.order = order}))
        if (each) began.set();
    });
    EXPECT_TRUE(began.wait());
    own.shutdown_now();
    pulls.get();
  }
  EXPECT_EQ(pool.submit([] { return 1; }).get(), 1);
}

TEST_P(map_end_test, a_range_may_be_destroyed_after_its_pool) {
  for (const result_order order : both_orders) {
    filch::scheduler& pool = make_shaped_pool();
    auto range = filch::map(pool, inputs(), [](const input& in) { return in.life; }, {.order = order, .window = 20});
    EXPECT_TRUE(*range.begin());
    destroy_pool(pool);
  }
  EXPECT_EQ(alive(), 0);
}

TEST_P(map_end_test, in_a_child_of_fork_it_throws_and_its_destructor_returns) {
  filch::scheduler& pool = make_shaped_pool();
  for (const result_order order : both_orders) {
    event go;
    const auto others_wait = [&](const input& in) {
      if (in.number == 0) return;
      EXPECT_TRUE(go.wait());
    };
    std::optional range(filch::map(pool, inputs(), others_wait, {.order = order, .window = 20}));
    auto it = range->begin();
    EXPECT_EQ(answer_of_child([&] {
                try {
                  ++it;
                  return 1;
                } catch (const filch::forked&) {
                }
                range.reset();
                return 0;
              }),
              0);
    go.set();
    ++it;
    EXPECT_TRUE(*it);
  }
}

}  // namespace
