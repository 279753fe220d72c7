// What it costs to let a task wait for its time while a hundred thousand others do, to change one's mind, how late it comes,
// and how late all of them come together.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "peers/all.hpp"

#if PEER_ASIO
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#endif

namespace {

using namespace peers;
using steady = std::chrono::steady_clock;

/// What is added and taken back lies among those that wait, not at an end.
std::chrono::microseconds far_off(std::uint64_t which) {
  return std::chrono::hours(1) + std::chrono::microseconds(which * 7'919 % 1'000'000);
}

class filch_timers {
 public:
  static constexpr const char* name = "filch";

  filch_timers() : pool_({.workers = workers()}) {}
  ~filch_timers() { (void)pool_.shutdown_now(); }

  void wait_for_ever(std::uint64_t which) { waiting_.push_back(filch::submit_after(pool_, far_off(which), [] {})); }
  void add_and_cancel(std::uint64_t which) { filch::submit_after(pool_, far_off(which), [] {}).cancel(); }
  steady::time_point comes_at(steady::time_point due) {
    return filch::submit_at(pool_, due, [] { return steady::now(); }).get();
  }
  template <class F>
  void run_at(steady::time_point due, F function) {
    waiting_.push_back(filch::submit_at(pool_, due, function));
  }

 private:
  filch::scheduler pool_;
  std::vector<filch::future<void>> waiting_;
};

#if PEER_ASIO
class asio_timers {
 public:
  static constexpr const char* name = "asio";

  asio_timers() {
    for (unsigned i = 0; i != workers(); ++i) threads_.emplace_back([this] { context_.run(); });
  }
  ~asio_timers() {
    context_.stop();
    for (std::thread& each : threads_) each.join();
  }

  void wait_for_ever(std::uint64_t which) {
    waiting_.push_back(std::make_unique<boost::asio::steady_timer>(context_, far_off(which)));
    waiting_.back()->async_wait([](const boost::system::error_code&) {});
  }
  void add_and_cancel(std::uint64_t which) {
    boost::asio::steady_timer timer(context_, far_off(which));
    timer.async_wait([](const boost::system::error_code&) {});
    timer.cancel();
  }
  steady::time_point comes_at(steady::time_point due) {
    auto came = std::make_shared<std::promise<steady::time_point>>();
    boost::asio::steady_timer timer(context_, due);
    timer.async_wait([came](const boost::system::error_code&) { came->set_value(steady::now()); });
    return came->get_future().get();
  }
  template <class F>
  void run_at(steady::time_point due, F function) {
    waiting_.push_back(std::make_unique<boost::asio::steady_timer>(context_, due));
    waiting_.back()->async_wait([function](const boost::system::error_code&) { function(); });
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays_{context_.get_executor()};
  std::vector<std::thread> threads_;
  std::vector<std::unique_ptr<boost::asio::steady_timer>> waiting_;
};
#endif

template <class Visit>
void for_each_that_waits(const Visit& visit) {
  visit.template operator()<filch_timers>();
#if PEER_ASIO
  visit.template operator()<asio_timers>();
#endif
}

constexpr std::uint64_t many = 100'000;

template <class Timers>
void add(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto timers = std::make_unique<Timers>();
    state.ResumeTiming();
    for (std::uint64_t i = 0; i != many; ++i) timers->wait_for_ever(i);
    state.PauseTiming();
    timers.reset();
    state.ResumeTiming();
  }
}

template <class Timers>
void add_and_cancel(benchmark::State& state) {
  Timers timers;
  for (std::uint64_t i = 0; i != many; ++i) timers.wait_for_ever(i);
  std::uint64_t i = 0;
  for (auto _ : state) timers.add_and_cancel(++i);
}

// How long after its moment a task begins, in a pool that sleeps.
template <class Timers>
void late_by(benchmark::State& state) {
  Timers timers;
  for (auto _ : state) {
    const steady::time_point due = steady::now() + std::chrono::milliseconds(2);
    state.SetIterationTime(std::chrono::duration<double>(timers.comes_at(due) - due).count());
  }
}

// How long after the moment of all of them the last has run, and that none has run before it.
template <class Timers>
void all_at_once(benchmark::State& state) {
  for (auto _ : state) {
    std::latch over(static_cast<std::ptrdiff_t>(many));
    std::atomic<bool> early{false};
    Timers timers;
    const steady::time_point due = steady::now() + std::chrono::milliseconds(500);
    for (std::uint64_t i = 0; i != many; ++i)
      timers.run_at(due, [&, due] {
        if (steady::now() < due) early = true;
        over.count_down();
      });
    if (steady::now() >= due) return state.SkipWithError("the moment came before all timers were added");
    over.wait();
    state.SetIterationTime(std::chrono::duration<double>(steady::now() - due).count());
    if (early) return state.SkipWithError("a timer came too early");
  }
}

const bool added = [] {
  for_each_that_waits([]<class Timers>() { peers::add<Timers>("add 100000 timers", &add<Timers>)->Iterations(3); });
  for_each_that_waits([]<class Timers>() { peers::add<Timers>("add and cancel one of 100001", &add_and_cancel<Timers>); });
  for_each_that_waits([]<class Timers>() {
    peers::add<Timers>("late by, asleep", &late_by<Timers>, timed_by::turn)->Iterations(200);
  });
  for_each_that_waits([]<class Timers>() {
    peers::add<Timers>("run 100000 timers of one moment", &all_at_once<Timers>, timed_by::turn)->Iterations(3);
  });
  return true;
}();

}  // namespace
