// One job: state, result and callable in one block, and room for what it returned until it is settled whether that was in time.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/flow/job.hpp>
#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/result_slot.hpp>
#include <filch/detail/task/run_callable.hpp>

namespace filch::inline v0_1::detail {

template <class R, class Call, bool TakesToken>
class job_of final : public future_state<R>, public job {
  using link = std::conditional_t<TakesToken, joined_stop, pool_stop>;

 public:
  /// Four holders: the future, the attempts, and two for the hook.
  template <class... Parts>
  job_of(task_pool&, const pool_timers& by, job_plan&& plan, Parts&&... parts)
      : future_state<R>(table, static_cast<job&>(*this), 4),
        job(*this, by, std::move(plan)),
        link_(stop_token(), stoppable_t()) {
    ::new (static_cast<void*>(std::addressof(call_))) Call(is_tried_once(), std::forward<Parts>(parts)...);
  }

  using job::drop_reference;
  using job::hook;

 private:
  ~job_of() {}

  static job_of& self(task_node& node) noexcept { return static_cast<job_of&>(node); }

  // Only where it could not be started: afterwards job::abandon() ends it.
  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    abandon_into_result(self(node), std::move(reason), [&] { self(node).destroy_callable(); });
  }
  static void release(task_node& node) noexcept {
    job_of* const whole = &self(node);
    whole->~job_of();
    free_block(whole, sizeof(job_of), alignof(job_of));
  }
  static claim_outcome claim(task_node& node) noexcept { return self(node).job::claim_to_cancel(); }

  // Nobody runs it: its attempts are what lies in a queue.
  static constexpr task_operations table{nullptr, &abandon, &release, true, false, &claim};

  void call(const std::stop_token& of_pool) override {
    kept_.keep_result_of([&]() -> R { return link_.call(of_pool, call_); });
  }
  void stop_call() noexcept override { link_.request_stop(); }
  void deliver() override {
    this->result.keep_result_of([&]() -> R { return kept_.take(); });
    kept_.clear();
  }
  void fail(std::exception_ptr reason) noexcept override { this->result.keep_exception(std::move(reason)); }
  void discard() noexcept override { kept_.clear(); }
  void destroy_callable() override { std::destroy_at(std::addressof(call_)); }
  void count_result(exception_tally* where) noexcept override {
    where == nullptr ? this->do_not_count() : this->count_if_dropped(*where);
  }

  result_slot<R> kept_;
  link link_;
  union {
    Call call_;  // alive until the job is settled or abandoned
  };
};

}  // namespace filch::inline v0_1::detail
