// filch, as a user writes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <utility>

#include <filch/filch.hpp>

#include "suite/runtimes/filch/fork_join.hpp"
#include "suite/runtimes/filch/loops.hpp"

namespace suite {

class filch_runtime : public filch_fork_join, public filch_loops {
 public:
  static constexpr const char* name = "filch";
  static constexpr bool workers_may_wait = true;

  explicit filch_runtime(unsigned threads) : filch_runtime(filch::scheduler_options{.workers = threads}) {}
  explicit filch_runtime(filch::scheduler_options options) : pool_(std::move(options)) {}

  template <class F>
  auto run(F&& call) {
    return pool_.submit(std::forward<F>(call)).get();
  }

  template <class F>
  auto round_trip(F&& call) {
    return pool_.submit(std::forward<F>(call)).get();
  }

  template <class F>
  auto submit(F&& call) {
    return pool_.submit(std::forward<F>(call));
  }

  template <class F>
  void post(F&& call) {
    pool_.post(std::forward<F>(call));
  }

  template <class Source, class Transform, class Sink>
  void pipeline(long items, std::size_t tokens, const Source& source, const Transform& transform, const Sink& sink) {
    auto inputs = std::views::iota(0L, items) | std::views::transform(source);
    for (auto& each : filch::map(pool_, inputs, transform, {.window = static_cast<std::int64_t>(tokens)})) sink(*each);
  }

 private:
  filch::scheduler pool_;
};

}  // namespace suite
