#include "faults/flow.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <ranges>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <filch/filch.hpp>

namespace filch_faults {

using namespace std::chrono_literals;

void use_jobs(account& of, filch::scheduler& pool) {
  of.attempt([&] {
    const std::stop_source source;
    filch::rate_limiter limiter(1e6);
    auto job = filch::submit(pool,
                             {.task = {.stop = source.get_token()},
                              .limiter = &limiter,
                              .retry = {.attempts = 3, .wait = 5us},
                              .timeout = 1h},
                             [failures = 2](const std::stop_token&) mutable {
                               if (failures-- != 0) throw std::bad_alloc();
                               return 1;
                             });
    of.expect_value(job);
  });
  of.attempt([&] {
    auto late = filch::submit(pool, {.deadline = std::chrono::steady_clock::now()}, [] { return 1; });
    try {
      (void)late.get();
      of.note("a job came too late");
    } catch (const filch::timed_out&) {
      return;
    }
  });
  of.attempt([&] {
    auto hopeless = filch::submit(pool, {.retry = {.attempts = 2, .wait = 0us}}, []() -> int { throw 1; });
    try {
      (void)hopeless.get();
    } catch (const filch::retries_exhausted&) {
      return;
    } catch (int) {  // in the place of a vector for the errors
      return;
    }
  });
}

void change_sizes(account& of, filch::scheduler& pool) {
  for (const unsigned size : {3U, 1U, 4U, 2U}) {
    const unsigned before = pool.worker_count();
    const bool sized = of.attempt([&] { pool.resize(size); });
    if (pool.worker_count() != (sized ? size : before)) of.note("a pool has a size that nobody has asked for");
    of.attempt([&] {
      auto one = pool.submit([] { return 1; });
      of.expect_value(one);
    });
  }
  of.attempt([&] {
    const filch::autoscaler sizes(pool, {.min_workers = 2, .max_workers = 3, .delay = 1ms, .calm = 1ms});
    auto one = pool.submit([] { return 1; });
    of.expect_value(one);
  });
  of.attempt([&] { pool.resize(2); });
}

void pull_streams(account& of, filch::scheduler& pool) {
  for (const filch::result_order order : {filch::result_order::submission, filch::result_order::completion})
    for (const bool stoppable : {false, true})
      of.attempt([&] {
        const std::stop_source source;
        const filch::map_options options{
            .order = order, .window = 8, .task = {.stop = stoppable ? source.get_token() : std::stop_token()}};
        auto ones = filch::map(pool, std::views::iota(0, 30), [](int i) { return i - i + 1; }, options);
        std::uint64_t came = 0;
        std::uint64_t indices = 0;
        if (!of.attempt([&] {
              for (auto& each : ones) {
                ++came;
                indices += each.index();
                if (each && *each != 1) of.note("a result of a stream is another one");
              }
            }))
          return;
        if (indices != came * (came - 1) / 2) of.note("an element of a stream is missing or came twice");
      });
}

namespace {

/// A gate, and those who have been admitted.
class passage {
 public:
  passage(account& of, filch::scheduler& pool, filch::when_full when)
      : of_(of), pool_(pool), gate_({.capacity = 2, .when_full = when}) {
    admitted_.reserve(32);
  }

  void submit(filch::job_options job) {
    job.gate = &gate_;
    of_.attempt([&] {
      try {
        admitted_.push_back(filch::submit(pool_, job, [] { return 1; }));
      } catch (const filch::rejected&) {
        return;
      }
    });
  }
  void try_submit() {
    of_.attempt([&] { keep(filch::try_submit(pool_, gate_, [] { return 1; })); });
  }
  void submit_for(std::chrono::microseconds limit) {
    of_.attempt([&] { keep(filch::submit_for(pool_, gate_, limit, [] { return 1; })); });
  }
  // On a worker a wait may be refused.
  void finish() {
    bool all_over = true;
    for (auto& each : admitted_) all_over = of_.attempt([&] { of_.expect_value(each); }) && all_over;
    if (all_over && gate_.taken() != 0) of_.note("a place of a gate did not come back, or came back twice");
  }

 private:
  void keep(std::optional<filch::future<int>> made) {
    if (made) admitted_.push_back(std::move(*made));
  }

  account& of_;
  filch::scheduler& pool_;
  filch::admission_gate gate_;
  std::vector<filch::future<int>> admitted_;
};

}  // namespace

void pass_gates(account& of, filch::scheduler& pool) {
  for (const filch::when_full when : {filch::when_full::block, filch::when_full::reject, filch::when_full::caller_runs})
    of.attempt([&] {
      const std::stop_source source;
      filch::rate_limiter limiter(1e5);
      passage through(of, pool, when);
      for (int i = 0; i != 5; ++i) {
        through.submit({});
        through.try_submit();
        through.submit_for(5us);
      }
      through.submit({.task = {.priority = filch::priority::low, .stop = source.get_token()}, .limiter = &limiter});
      through.submit({.limiter = &limiter, .retry = {.attempts = 2, .wait = 0us}, .timeout = 1h});
      through.finish();
    });
}

// The place is held until somebody has come into the line, or will not.
void wait_at_a_gate(account& of, filch::scheduler& pool) {
  of.attempt([&] {
    filch::admission_gate narrow({.capacity = 1});
    std::atomic<bool> nobody_comes{false};
    auto holder = filch::submit(pool, {.gate = &narrow}, [&] {
      while (narrow.waiting() == 0 && !nobody_comes) std::this_thread::yield();
      return 1;
    });
    of.attempt([&] {
      auto next = filch::submit(pool, {.gate = &narrow}, [] { return 1; });
      of.expect_value(next);
    });
    nobody_comes = true;
    of.expect_value(holder);
    if (narrow.taken() != 0) of.note("a place that somebody waited for did not come back");
  });
}

void wait_at_a_gate_of_another_pool(account& of, filch::scheduler& narrow, filch::scheduler& elsewhere) {
  of.attempt([&] {
    filch::admission_gate full({.capacity = 1});
    gate may_end;
    auto holder = filch::submit(elsewhere, {.gate = &full}, [&] {
      may_end.pass();
      return 1;
    });
    filch::future<int> waits;
    const bool waiting = of.attempt([&] {
      waits = narrow.submit([&] {
        of.attempt([&] {
          auto next = filch::submit(elsewhere, {.gate = &full}, [] { return 1; });
          next.wait();
        });
        return 1;
      });
    });
    filch::future<int> by_a_spare;
    if (!of.attempt([&] {
          by_a_spare = narrow.submit([&] {
            may_end.open();
            return 1;
          });
        }))
      may_end.open();
    if (waiting) of.expect_value(waits);
    if (by_a_spare.valid()) of.expect_value(by_a_spare);
    of.expect_value(holder);
    elsewhere.wait_idle();
    if (full.taken() != 0) of.note("a place that a worker waited for did not come back");
  });
}

}  // namespace filch_faults
