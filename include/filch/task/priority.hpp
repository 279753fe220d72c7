// How urgent a task is, and what else can be said of one when it is submitted.
#pragma once

namespace filch::inline v0_1 {

/// Which tasks come first.
///
/// A worker that looks for its next task takes one of high priority before all others, wherever these wait, and one of low
/// priority when there is nothing else to do anywhere. So that nobody waits for ever it turns to each of the others in turn:
/// while it goes on running tasks, it visits what waits of each priority at least once in 244 tasks.
enum class priority : unsigned char { high, normal, low };

/// What can be said of a task: `pool.submit({.priority = filch::priority::high}, f)`.
struct task_options {
  /// Default: normal. The others go by lanes that all workers share, also inside a task: such a task costs as much as one
  /// from outside. get() in a task runs what nobody has started, whatever its priority.
  filch::priority priority = filch::priority::normal;
};

}  // namespace filch::inline v0_1
