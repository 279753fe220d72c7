#include "faults/scenario.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <system_error>
#include <thread>
#include <vector>

#include <filch/filch.hpp>

#include "faults/account.hpp"
#include "faults/flow.hpp"
#include "faults/fork_join.hpp"
#include "runtime/pool_core.hpp"

namespace filch_faults {

namespace {

using namespace std::chrono_literals;

/// What one life has done and what should have come of it.
class life : private account {
 public:
  std::string run() {
    try {
      filch::scheduler pool(options());
      use(pool);
      filch::scheduler narrow(narrow_options());
      use_narrow(narrow, pool);
      filch::scheduler guests(narrow_options());  // whose spare has not been started before
      wait_at_a_gate_of_another_pool(*this, guests, pool);
      (void)pool.shutdown();
    } catch (const std::bad_alloc&) {  // a pool could not be made; who was there has ended
    } catch (const std::system_error&) {
    } catch (const std::runtime_error& refused) {
      if (!std::string(refused.what()).starts_with("filch: ")) note("an error that does not say whose it is");
    }
    if (posts_ran_ != posts_taken_)
      note(std::to_string(posts_ran_) + " posted tasks ran of " + std::to_string(posts_taken_));
    return wrong();
  }

 private:
  filch::scheduler_options options() {
    filch::scheduler_options made;
    made.workers = 2;
    made.max_workers = 4;
    made.pinning = filch::pinning::core;  // also where there is one CPU for the two
    made.spin = 0us;
    made.spares = 3;
    made.deque_capacity = 2;
    made.name = "a name that is longer than a short string";
    made.on_unhandled_exception = [this](std::exception_ptr) { note("an exception escaped from a posted task"); };
    return made;
  }

  filch::scheduler_options narrow_options() {
    filch::scheduler_options made = options();
    made.workers = 1;
    made.max_workers = 1;
    made.spares = 1;
    made.pinning = filch::pinning::none;
    made.deque_capacity = 64;
    return made;
  }

  void use(filch::scheduler& pool) {
    futures_.reserve(many);
    submit_small(pool);
    submit_large(pool);
    submit_in_bulk(pool);
    post(pool);
    use_lanes(pool);
    use_tokens(pool);
    use_timers(pool);
    pull_streams(*this, pool);
    pass_gates(*this, pool);
    wait_at_a_gate(*this, pool);
    change_sizes(*this, pool);
    use_groups(*this, pool);
    use_joins(*this, pool);
    submit_from_tasks(pool);
    wait_for_what_runs_elsewhere(pool);
    wait_for_what_runs_elsewhere(pool);  // the spare that was refused a thread is asked for again
    take_exceptions(pool);
    help(pool);
    look(pool);
    wait(pool);
    for (std::size_t i = 0; i != futures_.size(); ++i) expect_value(futures_[i]);
  }

  void use_narrow(filch::scheduler& narrow, filch::scheduler& elsewhere) {
    spill_more_than_the_queue_has_room_for(narrow);
    use_a_lane_beside_a_full_deque(narrow);
    have_a_spare_stand_down(narrow, elsewhere);
  }

  void submit_small(filch::scheduler& pool) {
    for (int i = 0; i != 60; ++i) attempt([&] { futures_.push_back(pool.submit([i] { return i - i + 1; })); });
  }

  void submit_large(filch::scheduler& pool) {
    const std::array<char, 3000> load{};
    for (int i = 0; i != 5; ++i) attempt([&] { futures_.push_back(pool.submit([load] { return load[0] + 1; })); });
  }

  void submit_in_bulk(filch::scheduler& pool) {
    attempt([&] {
      const std::vector<int> ones(70, 1);
      for (auto& each : pool.submit_bulk(ones, [](int one) { return one; })) expect_value(each);
    });
    attempt([&] {
      const std::vector<int> ones(40, 1);
      pool.post_bulk(ones, [this](int one) { posts_ran_ += static_cast<unsigned>(one); });
      posts_taken_ += 40;
    });
  }

  void post(filch::scheduler& pool) {
    for (int i = 0; i != 40; ++i)
      if (attempt([&] { pool.post([this] { ++posts_ran_; }); })) ++posts_taken_;
  }

  // What is queued in a lane may fail as what is queued elsewhere. Of what is cancelled in time nothing is left.
  void use_lanes(filch::scheduler& pool) {
    for (const filch::priority rank : {filch::priority::high, filch::priority::low}) {
      for (int i = 0; i != 40; ++i)
        if (attempt([&] { pool.post({.priority = rank}, [this] { ++posts_ran_; }); })) ++posts_taken_;
      attempt([&] {
        auto unwanted = pool.submit({.priority = rank}, [] { return 1; });
        if (!unwanted.cancel()) expect_value(unwanted);
      });
    }
  }

  // What could not be queued is over. What is stopped in time leaves nothing.
  void use_tokens(filch::scheduler& pool) {
    attempt([&] {
      std::stop_source source;
      const filch::task_options with_token{.stop = source.get_token()};
      for (int i = 0; i != 20; ++i)
        if (attempt([&] { pool.post(with_token, [this] { ++posts_ran_; }); })) ++posts_taken_;
      attempt([&] {
        auto told = pool.submit(with_token, [](const std::stop_token& stop) { return stop.stop_requested() ? 0 : 1; });
        expect_value(told);
      });
      attempt([&] {
        const std::vector<int> ones(10, 1);
        for (auto& each : pool.submit_bulk(with_token, ones, [](const std::stop_token&, int one) { return one; }))
          expect_value(each);
      });
    });
    attempt([&] {
      std::stop_source source;
      auto unwanted = pool.submit({.priority = filch::priority::low, .stop = source.get_token()}, [] { return 1; });
      source.request_stop();
      try {
        expect_value(unwanted);
      } catch (const filch::task_cancelled&) {
        return;
      }
    });
  }

  // What cannot be queued at its time is queued later.
  void use_timers(filch::scheduler& pool) {
    std::vector<filch::future<int>> later;
    attempt([&] { later.reserve(8); });
    for (std::size_t i = 0; i != later.capacity(); ++i)
      attempt([&] {
        const filch::priority rank = i % 3 == 0 ? filch::priority::low : filch::priority::normal;
        later.push_back(filch::submit_after(pool, i * 5us, {.priority = rank}, [] { return 1; }));
      });
    attempt([&] {
      const std::stop_source source;
      auto stoppable = filch::submit_after(pool, 10us, {.stop = source.get_token()}, [] { return 1; });
      auto unwanted = filch::submit_after(pool, 1h, [] { return 1; });
      if (!unwanted.cancel()) note("a task came an hour early");
      expect_value(stoppable);
    });
    call_three_times(pool);
    use_jobs(*this, pool);
    for (auto& each : later) expect_value(each);
  }

  void call_three_times(filch::scheduler& pool) {
    attempt([&] {
      std::atomic<int> calls{0};
      auto series = filch::submit_every(pool, 20us, {.first = 0us}, [&calls] {
        if (calls.fetch_add(1) == 2) throw 3;
      });
      try {
        series.get();
        note("a series ended with nothing");
      } catch (int) {
        if (calls.load() != 3) note("a series went on after an exception");
      }
    });
  }

  // Who gives something to all for the first time needs memory for that: one worker gives a bulk and stays, so that the other
  // is the one that spills.
  void submit_from_tasks(filch::scheduler& pool) {
    gate inside;
    gate may_end;
    filch::future<int> stays;
    const bool staying = attempt([&] {
      stays = pool.submit([&] {
        attempt([&] {
          pool.post_bulk(std::vector<int>(3, 1), [this](int one) { posts_ran_ += static_cast<unsigned>(one); });
          posts_taken_ += 3;
        });
        inside.open();
        may_end.pass();
        return 1;
      });
    });
    if (staying) inside.pass();
    submit_from_a_task(pool);
    may_end.open();
    if (staying) expect_value(stays);
  }

  // With a deque of two nearly every submission spills.
  void submit_from_a_task(filch::scheduler& pool) {
    attempt([&] {
      auto outer = pool.submit([&] {
        use_lanes(pool);
        use_tokens(pool);
        pull_streams(*this, pool);
        pass_gates(*this, pool);
        use_groups(*this, pool);
        use_joins(*this, pool);
        for (int i = 0; i != 30; ++i)
          if (attempt([&] { pool.post([this] { ++posts_ran_; }); })) ++posts_taken_;
        for (int i = 0; i != 30; ++i)
          attempt([&] {
            auto inner = pool.submit([] { return 1; });
            expect_value(inner);
          });
        attempt([&] {
          const std::vector<int> ones(3, 1);
          for (auto& each : pool.submit_bulk(ones, [](int one) { return one; })) expect_value(each);
        });
        return 1;
      });
      expect_value(outer);
    });
  }

  // The one worker is held, the other waits for it: a spare is needed, and perhaps cannot be had.
  void wait_for_what_runs_elsewhere(filch::scheduler& pool) {
    attempt([&] {
      gate inside;
      gate go_on;
      auto held = pool.submit([&] {
        inside.open();
        go_on.pass();
        return 1;
      });
      inside.pass();
      filch::future<int> waits;
      const bool waiting = attempt([&] {
        waits = pool.submit([&] {
          int got = 1;
          if (!attempt([&] { got = held.get(); })) go_on.open();
          return got;
        });
      });
      if (waiting) {
        // Both are held: only a spare can run this one. If there is none, the wait was refused and the gate is open.
        if (!attempt([&] {
              auto by_a_spare = pool.submit([&] {
                go_on.open();
                return 1;
              });
              expect_value(by_a_spare);
            }))
          go_on.open();
        expect_value(waits);
      }
      go_on.open();
      if (held.valid()) expect_value(held);
    });
  }

  void take_exceptions(filch::scheduler& pool) {
    attempt([&] {
      auto failed = pool.submit([]() -> int { throw std::logic_error("thrown on purpose, with a text of some length"); });
      try {
        (void)failed.get();
        note("an exception was lost");
      } catch (const std::logic_error&) {
        return;
      }
    });
  }

  void help(filch::scheduler& pool) {
    for (int i = 0; i != 5; ++i)
      attempt([&] {
        auto helped = pool.submit([] { return 1; });
        if (helped.get(filch::help) != 1) note("a helped task came to something else");
      });
  }

  void look(filch::scheduler& pool) {
    attempt([&] {
      if (pool.describe().empty()) note("describe() says nothing");
    });
    attempt([&] {
      if (pool.metrics().workers.size() < 2) note("metrics() forgot a worker");
    });
  }

  void wait(filch::scheduler& pool) {
    attempt([&] {
      auto late = pool.submit([] { return 1; });
      (void)late.wait_for(1ms);
      late.wait();
      expect_value(late);
    });
    pool.wait_idle();
  }

  // What is spilled is more than what is swept, so that the queue grows in both of them.
  void spill_more_than_the_queue_has_room_for(filch::scheduler& narrow) {
    attempt([&] {
      auto spills = narrow.submit([this, &narrow] {
        for (int i = 0; i != 400; ++i)
          if (attempt([&] { narrow.post([this] { ++posts_ran_; }); })) ++posts_taken_;
        return 1;
      });
      expect_value(spills);
    });
    narrow.wait_idle();
  }

  // Who sweeps a lane makes room in the deque first, for which there may be no memory.
  void use_a_lane_beside_a_full_deque(filch::scheduler& narrow) {
    attempt([&] {
      auto fills = narrow.submit([this, &narrow] {
        for (int i = 0; i != 64 + 200; ++i)
          if (attempt([&] {
                narrow.post({.priority = i < 64 ? filch::priority::normal : filch::priority::low}, [this] { ++posts_ran_; });
              }))
            ++posts_taken_;
        return 1;
      });
      expect_value(fills);
    });
    narrow.wait_idle();
  }

  // The one worker waits, and a spare takes a task that queues another when the worker is back. Nobody but the spare can have
  // that one: the worker stays until the spare has given it to all and gone, or has run it for want of memory.
  void have_a_spare_stand_down(filch::scheduler& narrow, filch::scheduler& elsewhere) {
    const bool held = attempt([&] {
      far_ = elsewhere.submit([this] {
        far_may_end_.pass();
        return 1;
      });
    });
    const bool waiting = held && attempt([&] { near_ = narrow.submit([this, &narrow] { return wait_and_stay(narrow); }); });
    if (waiting)
      expect_value(near_);
    else
      far_may_end_.open();
    narrow.wait_idle();
    attempt([&] {
      if (narrow.metrics().workers[0].stolen != 0) note("a spare has gone and left a task in its deque");
    });
  }

  int wait_and_stay(filch::scheduler& narrow) {
    if (attempt([&] { narrow.post([this, &narrow] { queue_one_when_nobody_waits(narrow); }); }))
      ++posts_taken_;
    else
      far_may_end_.open();
    attempt([&] { expect_value(far_); });  // when that is refused, the worker itself runs what is queued
    nobody_waits_.open();
    while (!queued_one_ran_ && spare_is_in_use(narrow)) std::this_thread::yield();
    return 1;
  }

  void queue_one_when_nobody_waits(filch::scheduler& narrow) {
    ++posts_ran_;
    far_may_end_.open();
    nobody_waits_.pass();
    const bool queued = attempt([&] {
      narrow.post([this] {
        ++posts_ran_;
        queued_one_ran_ = true;
      });
    });
    if (queued) ++posts_taken_;
  }

  // Without memory, which metrics() takes.
  static bool spare_is_in_use(const filch::scheduler& narrow) {
    return filch::detail::scheduler_access::core(narrow).spares().dormant_count() == 0;
  }

  static constexpr std::size_t many = 100;
  std::vector<filch::future<int>> futures_;
  std::atomic<unsigned> posts_taken_{0};
  std::atomic<unsigned> posts_ran_{0};
  filch::future<int> far_;
  filch::future<int> near_;
  gate far_may_end_;
  gate nobody_waits_;
  std::atomic<bool> queued_one_ran_{false};
};

}  // namespace

std::string live_once() {
  life one;
  return one.run();
}

}  // namespace filch_faults
