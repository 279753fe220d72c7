// Boost.Asio's thread_pool: a pool to submit to. A worker that waits takes no other task, so there are no trees and no loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <utility>

#include <boost/asio/packaged_task.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace suite {

class asio_runtime {
 public:
  static constexpr const char* name = "asio";
  static constexpr bool workers_may_wait = false;

  explicit asio_runtime(unsigned threads) : pool_(threads) {}

  template <class F>
  auto run(F&& call) {
    return submit(std::forward<F>(call)).get();
  }

  template <class F>
  auto round_trip(F&& call) {
    return submit(std::forward<F>(call)).get();
  }

  template <class F>
  auto submit(F call) {
    return boost::asio::post(pool_, std::packaged_task<decltype(call())()>(std::move(call)));
  }

  template <class F>
  void post(F&& call) {
    boost::asio::post(pool_, std::forward<F>(call));
  }

  template <class Source, class Transform, class Sink>
  void pipeline(long items, std::size_t tokens, const Source& source, const Transform& transform, const Sink& sink) {
    std::deque<std::future<std::uint64_t>> under_way;
    const auto take = [&] {
      sink(under_way.front().get());
      under_way.pop_front();
    };
    for (long i = 0; i != items; ++i) {
      if (under_way.size() == tokens) take();
      under_way.push_back(submit([&transform, item = source(i)] { return transform(item); }));
    }
    while (!under_way.empty()) take();
  }

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace suite
