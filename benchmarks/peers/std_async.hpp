// std::async: a thread a task. No trees: they would be thousands of threads at a time.
#pragma once

#include <future>
#include <utility>

#include "peers/futures.hpp"

namespace peers {

class std_async {
 public:
  static constexpr const char* name = "std::async";
  static constexpr bool serves_several_threads = true;

  explicit std_async(unsigned) {}

  template <class Call>
  long round_trip(Call call) {
    return std::async(std::launch::async, call).get();
  }

  template <class Call>
  long sum_of(long tasks, Call call) {
    return sum_of_futures(
        tasks, [](auto task) { return std::async(std::launch::async, std::move(task)); }, call);
  }
};

}  // namespace peers
