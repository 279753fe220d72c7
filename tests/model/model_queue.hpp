// The injection queue of the models, with what may surprise a worker about the real one.
#pragma once

#include <algorithm>

#include "scenario.hpp"

namespace filch::inline v0_1::detail {

using model::relacy_atomics;

class worker;

struct task_node {
  model::plain<int> runs{0};
  virtual void run(worker& by) = 0;
  virtual void run_outside() {}

 protected:
  ~task_node() = default;
};

/// Like the real one: a lane for each producer, looked at with relaxed loads, and a dequeue that may find nothing though
/// there is something.
class injection_queue {
 public:
  static constexpr unsigned lanes = 6;
  static constexpr unsigned lane_capacity = 16;

  struct producer {
    unsigned lane = lanes;
  };

  bool enqueue(producer& from, task_node* const* items, std::size_t count) {
    if (from.lane == lanes) from.lane = next_lane_++;
    lane& into = lanes_[from.lane];
    for (std::size_t i = 0; i != count; ++i) into.cells[into.queued + i] = items[i];
    into.queued += static_cast<unsigned>(count);
    into.tail.store(into.queued, std::memory_order_release);
    return true;
  }

  std::size_t dequeue(task_node** items, std::size_t count) {
    if (rl::rand(4) == 0) return 0;
    for (unsigned i = 0; i != next_lane_; ++i) {
      lane& from = lanes_[i];
      unsigned head = from.head.load(std::memory_order_relaxed);
      const unsigned tail = from.tail.load(std::memory_order_acquire);
      if (head >= tail) continue;
      const unsigned taken = std::min(tail - head, static_cast<unsigned>(count));
      if (!from.head.compare_exchange_strong(head, head + taken, std::memory_order_acq_rel, std::memory_order_relaxed))
        continue;
      for (unsigned n = 0; n != taken; ++n) items[n] = from.cells[head + n];
      return taken;
    }
    return 0;
  }

  bool maybe_not_empty() const {
    for (unsigned i = 0; i != next_lane_; ++i) {
      const unsigned tail = lanes_[i].tail.load(std::memory_order_relaxed);
      if (lanes_[i].head.load(std::memory_order_relaxed) < tail) return true;
    }
    return false;
  }

 private:
  struct lane {
    model::plain<task_node*> cells[lane_capacity];
    model::atomic<unsigned> tail{0};
    model::atomic<unsigned> head{0};
    unsigned queued = 0;  // the producer's
  };
  lane lanes_[lanes];
  unsigned next_lane_ = 0;
};

}  // namespace filch::inline v0_1::detail
