// How well a limiter keeps its rate by the real clock, up to what a pool's timers can hand over. As many tasks as come in a
// second are submitted at once; the time, from the first moment to the start of the last, is one second at best.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "peers/all.hpp"

#if PEER_ASIO
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#endif

namespace {

using namespace peers;
using steady = std::chrono::steady_clock;

class filch_limiter {
 public:
  static constexpr const char* name = "filch";

  explicit filch_limiter(std::int64_t per_second) : limiter_(static_cast<double>(per_second)) {}

  template <class F>
  void run(std::int64_t tasks, F function) {
    for (std::int64_t i = 0; i != tasks; ++i) (void)filch::submit(pool_, {.limiter = &limiter_}, function);
    pool_.wait_idle();
  }

 private:
  filch::scheduler pool_{{.workers = workers()}};
  filch::rate_limiter limiter_;
};

#if PEER_ASIO
/// It has no limiter: a timer that posts what is due, and is set again.
class asio_pacer {
 public:
  static constexpr const char* name = "asio";

  explicit asio_pacer(std::int64_t per_second) : interval_(1'000'000'000 / per_second) {}

  template <class F>
  void run(std::int64_t tasks, F function) {
    next_ = steady::now();
    post_due(tasks, function);
    pool_.join();
  }

 private:
  template <class F>
  void post_due(std::int64_t left, F function) {
    for (const steady::time_point now = steady::now(); left != 0 && next_ <= now; --left, next_ += interval_)
      boost::asio::post(pool_, function);
    if (left == 0) return;
    timer_.expires_at(next_);
    timer_.async_wait([this, left, function](const boost::system::error_code&) { post_due(left, function); });
  }

  std::chrono::nanoseconds interval_;
  steady::time_point next_;
  boost::asio::thread_pool pool_{workers()};
  boost::asio::steady_timer timer_{pool_};
};
#endif

template <class Limiter>
void keeps_its_rate(benchmark::State& state) {
  const std::int64_t rate = state.range(0);
  for (auto _ : state) {
    Limiter limiter(rate);
    std::atomic<std::int64_t> ran{0};
    steady::time_point last;
    const steady::time_point first = steady::now();
    limiter.run(rate + 1, [&] {
      if (ran.fetch_add(1) == rate) last = steady::now();
    });
    const std::chrono::duration<double> took = last - first;
    if (!expect(state, ran.load(), rate + 1)) break;
    if (took.count() < 1) return state.SkipWithError("the rate was exceeded");
    state.SetIterationTime(took.count());
  }
}

const bool added = [] {
  for (const std::int64_t rate : {100, 10'000, 100'000, 1'000'000}) {
    const std::string what = "limited to " + std::to_string(rate) + " a second";
    add<filch_limiter>(what.c_str(), &keeps_its_rate<filch_limiter>, timed_by::turn)->Arg(rate)->Iterations(1);
#if PEER_ASIO
    add<asio_pacer>(what.c_str(), &keeps_its_rate<asio_pacer>, timed_by::turn)->Arg(rate)->Iterations(1);
#endif
  }
  return true;
}();

}  // namespace
