// A million elements through a stream of results, in either order, beside oneTBB's pipeline with as many tokens.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <ranges>

#include "peers/all.hpp"

#if PEER_TBB
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_pipeline.h>
#endif

namespace {

using namespace peers;
using filch::result_order;

constexpr long elements = 1'000'000;
constexpr long sum_of_elements = elements * (elements - 1) / 2;
constexpr std::int64_t window = 256;

constexpr auto itself = [](long i) { return i; };

template <result_order Order>
class filch_stream {
 public:
  static constexpr const char* name = "filch";

  filch_stream() : pool_({.workers = workers()}) {}

  long sum() {
    long sum = 0;
    for (auto& each : filch::map(pool_, std::views::iota(0L, elements), itself, {.order = Order, .window = window}))
      sum += *each;
    return sum;
  }

 private:
  filch::scheduler pool_;
};

/// The consumer is a task: it runs elements as well.
template <result_order Order>
class filch_stream_in_a_task {
 public:
  static constexpr const char* name = "filch in a task";

  filch_stream_in_a_task() : pool_({.workers = workers()}) {}

  long sum() {
    return pool_
        .submit([this] {
          long sum = 0;
          for (auto& each : filch::map(pool_, std::views::iota(0L, elements), itself, {.order = Order, .window = window}))
            sum += *each;
          return sum;
        })
        .get();
  }

 private:
  filch::scheduler pool_;
};

/// The same by hand: a queue of futures.
class filch_futures {
 public:
  static constexpr const char* name = "filch by hand";

  filch_futures() : pool_({.workers = workers()}) {}

  long sum() {
    long sum = 0;
    std::deque<filch::future<long>> in_flight;
    const auto take = [&] {
      sum += in_flight.front().get();
      in_flight.pop_front();
    };
    for (long i = 0; i != elements; ++i) {
      if (in_flight.size() == static_cast<std::size_t>(window)) take();
      in_flight.push_back(pool_.submit(itself, i));
    }
    while (!in_flight.empty()) take();
    return sum;
  }

 private:
  filch::scheduler pool_;
};

#if PEER_TBB
/// Its caller is one of the workers.
template <result_order Order>
class tbb_pipeline {
 public:
  static constexpr const char* name = "tbb";

  tbb_pipeline() : limit_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(workers())) {}

  long sum() {
    constexpr auto last = Order == result_order::submission ? tbb::filter_mode::serial_in_order
                                                            : tbb::filter_mode::serial_out_of_order;
    long next = 0;
    long sum = 0;
    tbb::parallel_pipeline(static_cast<std::size_t>(window),
                           tbb::make_filter<void, long>(tbb::filter_mode::serial_in_order,
                                                        [&](tbb::flow_control& flow) {
                                                          if (next == elements) flow.stop();
                                                          return next++;
                                                        }) &
                               tbb::make_filter<long, long>(tbb::filter_mode::parallel, itself) &
                               tbb::make_filter<long, void>(last, [&](long i) { sum += i; }));
    return sum;
  }

 private:
  tbb::global_control limit_;
};
#endif

template <class Stream>
void stream(benchmark::State& state) {
  Stream by;
  for (auto _ : state)
    if (by.sum() != sum_of_elements) return state.SkipWithError("an element is missing or came twice");
}

const bool added = [] {
  const auto add_all = []<result_order Order>(const char* what) {
    const auto add = [what]<class Stream>() { peers::add<Stream>(what, &stream<Stream>); };
    add.template operator()<filch_stream<Order>>();
    add.template operator()<filch_stream_in_a_task<Order>>();
    if constexpr (Order == result_order::submission) add.template operator()<filch_futures>();
#if PEER_TBB
    add.template operator()<tbb_pipeline<Order>>();
#endif
  };
  add_all.template operator()<result_order::submission>("1000000 elements in order");
  add_all.template operator()<result_order::completion>("1000000 elements as they end");
  return true;
}();

}  // namespace
