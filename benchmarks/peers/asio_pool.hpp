// Boost.Asio's thread_pool: post() with a std::packaged_task as completion token, which answers with a std::future. No
// trees, for the reason given in mutex_pool.hpp.
#pragma once

#include <future>
#include <utility>

#include <boost/asio/packaged_task.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "peers/futures.hpp"

namespace peers {

class asio_pool {
 public:
  static constexpr const char* name = "asio";
  static constexpr bool serves_several_threads = true;

  explicit asio_pool(unsigned workers) : pool_(workers) {}

  template <class Call>
  long round_trip(Call call) {
    return submit(call).get();
  }

  template <class Call>
  long sum_of(long tasks, Call call) {
    return sum_of_futures(
        tasks, [this](auto task) { return this->submit(std::move(task)); }, call);
  }

  template <class Call>
  long sum_from_worker(long tasks, Call call) {
    return submit([this, tasks, call] { return sum_of(tasks, call); }).get();
  }

 private:
  template <class Call>
  std::future<long> submit(Call call) {
    return boost::asio::post(pool_, std::packaged_task<long()>(std::move(call)));
  }

  boost::asio::thread_pool pool_;
};

}  // namespace peers
