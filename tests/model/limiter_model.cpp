// A rate limiter's word: each moment is given away once, an interval after the one before.
#include "scenario.hpp"

#include <algorithm>
#include <array>

#include <filch/detail/flow/gcra.hpp>

namespace filch::model {
namespace {

using limiter = detail::gcra<relacy_atomics>;

/// Whether sorted moments keep the rate: the first `burst` at `now`, then one an interval.
template <std::size_t Count>
bool keep_the_rate(std::array<std::int64_t, Count> taken, std::int64_t now, std::int64_t interval, std::size_t burst) {
  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 0; i != Count; ++i)
    if (taken[i] != now + interval * static_cast<std::int64_t>(i < burst ? 0 : i - burst + 1)) return false;
  return true;
}

struct three_take : scenario<3> {
  limiter places{10, 10};  // two come together
  std::array<std::int64_t, 6> taken{};

  void thread(unsigned index) override {
    taken[index] = places.take(100);
    taken[index + 3] = places.take(100);
  }
  void after() override { RL_ASSERT(keep_the_rate(taken, 100, 10, 2)); }
};

/// Of those who only look as many get one as have come.
struct two_look_and_one_takes : scenario<3> {
  limiter places{10, 0};
  std::array<unsigned, 2> got{};
  std::int64_t taken = 0;

  void thread(unsigned index) override {
    if (index == 2)
      taken = places.take(100);
    else
      got[index] = places.take_if_due(100) ? 1 : 0;
  }
  void after() override {
    RL_ASSERT(got[0] + got[1] <= 1);
    RL_ASSERT(taken == 100 + 10 * static_cast<std::int64_t>(got[0] + got[1]));
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<three_take>("three take", 50'000),
      executed<two_look_and_one_takes>("two look and one takes", 50'000),
  });
}
