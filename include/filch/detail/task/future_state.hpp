// A task that somebody may hold a future of.
#pragma once

#include <filch/detail/task/result_slot.hpp>
#include <filch/detail/task/task_node.hpp>

namespace filch::inline v0_1::detail {

template <class R>
class future_state : public task_node {
 public:
  using task_node::task_node;

  result_slot<R> result;

 protected:
  ~future_state() = default;
};

}  // namespace filch::inline v0_1::detail
