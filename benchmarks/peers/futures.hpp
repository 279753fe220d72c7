// What the peers with futures do alike.
#pragma once

#include <cstddef>
#include <vector>

namespace peers {

/// Submits `tasks` calls of `call(i)` with `submit`, which answers with a future, and adds up what they return.
template <class Submit, class Call>
long sum_of_futures(long tasks, const Submit& submit, Call call) {
  std::vector<decltype(submit([call] { return call(0L); }))> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  for (long i = 0; i != tasks; ++i) futures.push_back(submit([call, i] { return call(i); }));
  long sum = 0;
  for (auto& each : futures) sum += each.get();
  return sum;
}

}  // namespace peers
