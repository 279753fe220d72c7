// A task that blocks in a call of its own: a spare stands in, as long as there is one.
#include <filch/runtime/blocking.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <filch/runtime/this_worker.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class blocking_test : public shaped_pool_test {
 protected:
  static filch::scheduler_options with_spares(std::int64_t spares) {
    filch::scheduler_options options = shape();
    options.spares = spares;
    return options;
  }
};
INSTANTIATE_POOL_SHAPES(blocking_test);

TEST_P(blocking_test, the_pool_keeps_its_width_while_all_its_workers_block) {
  filch::scheduler& pool = make_shaped_pool();
  const event may_end;
  std::atomic<unsigned> inside{0};
  std::vector<filch::future<void>> blocked;
  for (unsigned i = 0; i != width(); ++i)
    blocked.push_back(pool.submit([&, may_end] {
      filch::blocking([&] {
        inside.fetch_add(1);
        EXPECT_TRUE(may_end.wait());
      });
    }));
  EXPECT_TRUE(eventually([&] { return inside.load() == width(); }));
  { const held_workers as_many(pool, width()); }
  EXPECT_EQ(pool.metrics().spares_in_use, width());
  may_end.set();
  for (auto& each : blocked) each.get();
  EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 0; }));
}

TEST_P(blocking_test, a_worker_is_replaced_each_time) {
  filch::scheduler& pool = make_shaped_pool();
  held_workers others(pool, width() - 1);
  pool.submit([&] {
        for (int time = 0; time != 3; ++time) {
          const event ran;
          filch::blocking([&] {
            pool.post([ran] { ran.set(); });
            EXPECT_TRUE(ran.wait()) << "nobody stands in";
          });
        }
      }).get();
}

TEST_P(blocking_test, answers_what_the_call_answers) {
  filch::scheduler& pool = make_shaped_pool();
  int held = 7;
  EXPECT_EQ(pool.submit([] { return filch::blocking([] { return std::make_unique<int>(42); }); }).get().operator*(), 42);
  EXPECT_EQ(pool.submit([&] { return &filch::blocking([&]() -> int& { return held; }); }).get(), &held);
  EXPECT_THROW(pool.submit([] { filch::blocking([] { throw std::runtime_error("as it is"); }); }).get(), std::runtime_error);
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42) << "the worker is back";
}

TEST_P(blocking_test, outside_it_is_a_call_like_any_other) {
  EXPECT_EQ(filch::blocking([] { return filch::this_worker(); }), std::nullopt);
}

TEST_P(blocking_test, without_a_spare_it_calls_all_the_same) {
  filch::scheduler& pool = make_pool(with_spares(0));
  const event may_end;
  std::atomic<unsigned> inside{0};
  std::vector<filch::future<int>> blocked;
  for (unsigned i = 0; i != width(); ++i)
    blocked.push_back(pool.submit([&, may_end] {
      return filch::blocking([&] {
        inside.fetch_add(1);
        return may_end.wait() ? 1 : 0;
      });
    }));
  EXPECT_TRUE(eventually([&] { return inside.load() == width(); }));
  EXPECT_EQ(pool.metrics().spares_in_use, 0U);
  may_end.set();
  for (auto& each : blocked) EXPECT_EQ(each.get(), 1);
}

TEST_P(blocking_test, a_wait_inside_needs_no_second_spare) {
  filch::scheduler& pool = make_pool(with_spares(1));
  filch::scheduler& elsewhere = make_pool({.workers = 1});
  held_workers far(elsewhere, 1);
  held_workers others(pool, width() - 1);
  auto waits = pool.submit([&] { return filch::blocking([&] { return elsewhere.submit([] { return 42; }).get(); }); });
  EXPECT_EQ(pool.submit([] { return 43; }).get(), 43) << "by the spare";
  far.release();
  EXPECT_EQ(waits.get(), 42);
  EXPECT_EQ(pool.metrics().spares.size(), 1U);
}

TEST_P(blocking_test, nested_it_counts_once) {
  filch::scheduler& pool = make_pool(with_spares(1));
  held_workers others(pool, width() - 1);
  const int got = pool.submit([&] {
                        return filch::blocking([&] {
                          return filch::blocking([&] { return pool.submit([] { return 42; }).get(); });
                        });
                      }).get();
  EXPECT_EQ(got, 42);
  EXPECT_EQ(pool.submit([] { return 43; }).get(), 43);
}

TEST_P(blocking_test, a_get_inside_runs_what_nobody_has_started_though_nobody_else_is_free) {
  filch::scheduler& pool = make_pool(with_spares(0));
  held_workers others(pool, width() - 1);
  const bool same = pool.submit([&] {
                          const auto self = std::this_thread::get_id();
                          auto child = pool.submit([] { return std::this_thread::get_id(); });
                          return filch::blocking([&] { return child.get(); }) == self;
                        }).get();
  EXPECT_TRUE(same || width() != 1);
}

TEST_P(blocking_test, a_task_that_waits_for_itself_is_told_so) {
  filch::scheduler& pool = make_shaped_pool();
  filch::future<void> self;
  const event known;
  self = pool.submit([&, known] {
    EXPECT_TRUE(known.wait());
    EXPECT_THROW(filch::blocking([&] { self.wait(); }), filch::would_deadlock);
    EXPECT_THROW(filch::blocking([&] { pool.wait_idle(); }), filch::would_deadlock);
  });
  known.set();
  pool.wait_idle();
}

TEST_P(blocking_test, what_is_submitted_inside_is_run_by_others) {
  filch::scheduler& pool = make_shaped_pool();
  const unsigned tasks = scaled(2'000);
  std::atomic<unsigned> ran{0};
  pool.submit([&] {
        filch::blocking([&] {
          for (unsigned i = 0; i != tasks; ++i) pool.post([&] { ran.fetch_add(1); });
          EXPECT_TRUE(eventually([&] { return ran.load() == tasks; }));
        });
      }).get();
}

TEST_P(blocking_test, a_pool_drains_while_its_tasks_block) {
  filch::scheduler& pool = make_shaped_pool();
  const event may_end;
  std::atomic<unsigned> ran{0};
  for (unsigned i = 0; i != width() + 3; ++i)
    pool.post([&, may_end] {
      filch::blocking([&] { EXPECT_TRUE(may_end.wait()); });
      pool.post([&] { ran.fetch_add(1); });
    });
  std::thread ends([&] { (void)pool.shutdown(); });
  may_end.set();
  ends.join();
  EXPECT_EQ(ran.load(), width() + 3);
}

TEST_P(blocking_test, many_short_ones_come_to_an_end) {
  filch::scheduler& pool = make_shaped_pool();
  std::atomic<unsigned> ran{0};
  const unsigned tasks = scaled(2'000);
  for (unsigned i = 0; i != tasks; ++i)
    pool.post([&] {
      filch::blocking([] { std::this_thread::yield(); });
      ran.fetch_add(1);
    });
  pool.wait_idle();
  EXPECT_EQ(ran.load(), tasks);
}

}  // namespace
