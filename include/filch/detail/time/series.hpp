// A callable that is called again and again. It is no task of the pool's but has a future, which is ready when the series is
// over; each call is a task. Who may touch what when: src/time/README.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/exception_tally.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/run_callable.hpp>
#include <filch/detail/task/task_owner.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/detail/time/timed_entry.hpp>
#include <filch/task/priority.hpp>
#include <filch/time/tick_options.hpp>

namespace filch::inline v0_1::detail {

/// When the calls are due. Checked.
struct tick_plan {
  std::chrono::steady_clock::time_point first;
  std::chrono::steady_clock::duration period;
  filch::pace pace;
  filch::missed missed;
  priority rank;
};

/// Throws std::invalid_argument.
void check_ticks(std::chrono::steady_clock::duration period, const tick_options& options);

/// What does not depend on the callable.
class series : public future_state<void>, private timed_entry, private task_owner {
 public:
  /// The submitter: from here on it may be called, and ended, at any moment. Throws closed; all its references are the caller's
  /// then.
  void start();

 protected:
  /// Throws std::bad_alloc.
  series(const task_operations& table, const pool_timers& by, const tick_plan& plan, std::uint32_t more_holders);
  ~series() = default;

 private:
  /// One call.
  class tick final : public task_node {
   public:
    tick(task_pool& pool, series& whole) noexcept : task_node(table, pool, 1), of(whole) {}
    series& of;

   private:
    static const task_operations table;
  };

  virtual void call(const std::stop_token& of_pool) = 0;
  virtual void disarm() noexcept = 0;
  /// Throws what the callable's destructor does.
  virtual void destroy_callable() = 0;

  void run_claimed_outside(task_node& claimed) noexcept override;
  void cancel_claimed(task_node& claimed, std::exception_ptr reason) noexcept override;
  [[nodiscard]] task_pool& pool() noexcept override { return pool_; }
  after_due come_due() override;
  void end() noexcept override;

  run_outcome run_tick(run_context& context) noexcept;
  void tick_is_over() noexcept;
  [[nodiscard]] std::chrono::steady_clock::time_point next_due() const noexcept;
  void settle() noexcept;

  timers& timers_;
  task_pool& pool_;
  const tick_plan plan_;
  tick tick_;
  std::chrono::steady_clock::time_point due_;  // the holder's, as all that has no other note
  exception_tally* thrown_into_ = nullptr;     // when a call threw, and that is the result
  bool ended_ = false;                         // under the lock: claimed by somebody who leaves the rest to the holder
  bool loose_ = false;                         // under the lock: held by nobody, until who has claimed it comes; counted
};

template <class F, class Stop>
class series_of final : public series {
 public:
  template <class Function>
  series_of(task_pool&, const pool_timers& by, const tick_plan& plan, typename Stop::link link, Function&& function)
      : series(table, by, plan, Stop::hook::holders), link_(std::move(link)) {
    ::new (static_cast<void*>(std::addressof(function_))) F(std::forward<Function>(function));
  }

  /// For the submitter.
  [[nodiscard]] typename Stop::hook& hook() noexcept { return hook_; }

 private:
  ~series_of() {}

  static series_of& self(task_node& node) noexcept { return static_cast<series_of&>(node); }

  // Only where it could not be started: afterwards series::settle() ends it.
  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    abandon_into_result(self(node), std::move(reason), [&] { self(node).destroy_callable(); });
  }
  static void release(task_node& node) noexcept {
    series_of* const whole = &self(node);
    whole->~series_of();
    free_block(whole, sizeof(series_of), alignof(series_of));
  }

  // Nobody runs it: it is in no queue, and not ready to run for who waits.
  static constexpr task_operations table{nullptr, &abandon, &release, true, false};

  void call(const std::stop_token& of_pool) override {
    link_.call(of_pool, [this](const std::stop_token& stop) {
      if constexpr (std::is_invocable_v<F&, const std::stop_token&>)
        (void)std::invoke(function_, stop);
      else
        (void)std::invoke(function_);
    });
  }
  void disarm() noexcept override { hook_.disarm(*this); }
  void destroy_callable() override { std::destroy_at(std::addressof(function_)); }

  [[no_unique_address]] typename Stop::hook hook_;
  [[no_unique_address]] typename Stop::link link_;
  union {
    F function_;  // alive until the series is settled
  };
};

}  // namespace filch::inline v0_1::detail
