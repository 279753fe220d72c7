// The consumer's steps: queue, wait, take, abandon.
#include <filch/detail/flow/map_window.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include <filch/detail/task/wait.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/errors.hpp>

#include "runtime/pool_core.hpp"
#include "task/same_process.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

namespace {

std::size_t decide_size(const scheduler& pool, const map_options& options) {
  if (!options.window) return std::size_t{2} * pool.max_worker_count();
  if (*options.window < 1)
    throw std::invalid_argument(
        "filch: map_options::window is less than 1, which lets nothing through: give it how many elements may be in flight");
  return static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(*options.window), SIZE_MAX));
}

bool decide_order(result_order order) {
  if (order != result_order::submission && order != result_order::completion)
    throw std::invalid_argument("filch: map_options::order is neither submission nor completion: use one of these");
  return order == result_order::completion;
}

[[noreturn]] void throw_pulled_from_inside() {
  throw would_deadlock(
      "filch: an element of a range made by filch::map() pulls the next one, and would wait for itself: pull it outside of the "
      "function that is mapped");
}

[[noreturn]] void end_abandoned_from_inside() noexcept {
  std::fputs(
      "filch: a range made by filch::map() was destroyed by one of its own elements, and would wait for itself: destroy it "
      "outside of the function that is mapped\n",
      stderr);
  std::terminate();
}

}  // namespace

map_window::map_window(scheduler& pool, const map_options& options)
    : pool_(scheduler_access::core(pool)),
      stop_of_pool_(scheduler_access::core(pool).stop_token()),
      by_completion_(decide_order(options.order)),
      rank_(options.task.priority),
      size_(decide_size(pool, options)),
      fair_share_(std::clamp<std::size_t>(size_ / 8, 1, largest_group)) {
  require_priority(rank_);
}

void map_window::require_open() {
  require_same_process(generation_);
  pool_.enqueue(nullptr, 0);
}

void map_window::queue(std::span<map_entry* const> made) {
  std::array<task_node*, largest_group> tasks;
  for (std::size_t i = 0; i != made.size(); ++i) tasks[i] = &made[i]->task();
  for (map_entry* const each : made) {
    each->older_ = newest_;
    (newest_ != nullptr ? newest_->newer_ : oldest_) = each;
    newest_ = each;
    if (unstarted_ == nullptr) unstarted_ = each;
  }
  live_ += made.size();
  pool_.enqueue_with(rank_, tasks.data(), made.size());
}

void map_window::refuse(map_entry& made, const std::exception_ptr& reason) noexcept {
  task_node& task = made.task();
  task.operations->abandon(task, reason);
  notify_all(task.state.finish());
  task.drop_reference();
}

map_entry* map_window::next_if_ready() noexcept {
  if (!by_completion_) return oldest_ != nullptr && oldest_->task().state.is_ready() ? oldest_ : nullptr;
  if (ended_ == nullptr) ended_ = completed_.take_all();
  map_entry* const next = static_cast<map_entry*>(ended_);
  if (next != nullptr) ended_ = next->next;
  return next;
}

map_entry* map_window::wait_for_next() {
  if (by_completion_) return wait_in_order_of_completion();
  wait_until_ready(oldest_->task(), claim_policy::workers_only);
  return oldest_;
}

map_entry* map_window::wait_in_order_of_completion() {
  for (;;) {
    if (map_entry* const next = next_if_ready(); next != nullptr) return next;
    if (run_oldest_unstarted()) continue;
    require_not_inside();
    wait_until_not_empty(completed_);
  }
}

// The oldest, so that none is left behind by those that come later.
bool map_window::run_oldest_unstarted() noexcept {
  for (; unstarted_ != nullptr; unstarted_ = unstarted_->newer_) {
    if (run_in_place(unstarted_->task())) return true;
    if (!unstarted_->task().state.is_claimed()) return false;
  }
  return false;
}

// One of the elements that pulls the next would wait, at last, for itself.
void map_window::require_not_inside() const {
  if (!running_task::runs_one_of(pool_)) return;
  for (const map_entry* each = oldest_; each != nullptr; each = each->newer_)
    if (running_task::is_running(each->task())) throw_pulled_from_inside();
}

map_window::pulling::pulling(map_window& in) : window_(in) {
  require_same_process(in.generation_);
  if (in.is_pulling_) throw_pulled_from_inside();
  in.is_pulling_ = true;
}

void map_window::remove(map_entry& taken) noexcept {
  (taken.older_ != nullptr ? taken.older_->newer_ : oldest_) = taken.newer_;
  (taken.newer_ != nullptr ? taken.newer_->older_ : newest_) = taken.older_;
  if (unstarted_ == &taken) unstarted_ = taken.newer_;
  --live_;
}

// Every task that is not ready is counted by its pool, which is there until then. In the order of completion one that is ready
// may still be about to tell, and what it tells lies here: so they are counted as they come.
void map_window::abandon() noexcept {
  for (map_entry* each = oldest_; each != nullptr; each = each->newer_) {
    task_node& task = each->task();
    if (running_task::is_running(task)) end_abandoned_from_inside();
    if (!task.state.is_ready() && task.state.claim() == claim_outcome::claimed) task.owner->cancel_claimed(task, nullptr);
  }
  if (!by_completion_) {
    for (map_entry* each = oldest_; each != nullptr; each = each->newer_) wait_regardless(each->task());
    return;
  }
  for (std::size_t left = live_; left != 0; --left)
    while (next_if_ready() == nullptr) wait_regardless(completed_);
}

}  // namespace filch::inline v0_1::detail
