// std::async: a new thread for each call. Only pings: a million threads are nobody's way to run a million tasks.
#pragma once

#include <future>
#include <utility>

namespace suite {

class std_async_runtime {
 public:
  static constexpr const char* name = "std_async";

  explicit std_async_runtime(unsigned) {}

  template <class F>
  auto round_trip(F&& call) {
    return std::async(std::launch::async, std::forward<F>(call)).get();
  }
};

}  // namespace suite
