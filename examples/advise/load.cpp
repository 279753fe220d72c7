#include "load.hpp"

#include <algorithm>
#include <cstdint>

namespace advise {

namespace {

std::uint64_t compute_steps(std::uint64_t steps) {
  std::uint64_t state = 88'172'645'463'325'252U;
  for (std::uint64_t i = 0; i != steps; ++i) {  // xorshift64, Marsaglia 2003: each step needs the one before
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  return state;
}

// Keeps the result from the optimiser, which would leave out what nobody reads.
void compute_for_nothing(std::uint64_t steps) {
  [[maybe_unused]] volatile const std::uint64_t kept = compute_steps(steps);
}

}  // namespace

spinner::spinner() {
  using clock = std::chrono::steady_clock;
  constexpr std::uint64_t steps = 1'000'000;
  double fastest = 1e300;
  for (int i = 0; i != 5; ++i) {
    const clock::time_point began = clock::now();
    compute_for_nothing(steps);
    fastest = std::min(fastest, std::chrono::duration<double, std::micro>(clock::now() - began).count());
  }
  steps_per_microsecond_ = static_cast<double>(steps) / fastest;
}

void spinner::compute(std::chrono::microseconds time) const {
  compute_for_nothing(static_cast<std::uint64_t>(static_cast<double>(time.count()) * steps_per_microsecond_));
}

}  // namespace advise
