// What can be said of a task when it is submitted.
#pragma once

#include <filch/task/priority.hpp>

namespace filch::inline v0_1 {

/// For designated initialisers: `pool.submit({.priority = filch::priority::high}, f)`.
struct task_options {
  /// Default: normal. The others go by lanes that all workers share, also inside a task: such a task costs as much as one
  /// from outside. get() in a task runs what nobody has started, whatever its priority.
  filch::priority priority = filch::priority::normal;
};

}  // namespace filch::inline v0_1
