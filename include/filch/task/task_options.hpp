// What can be said of a task when it is submitted.
#pragma once

#include <stop_token>

#include <filch/task/priority.hpp>

namespace filch::inline v0_1 {

/// For designated initialisers: `pool.submit({.priority = filch::priority::high, .stop = source.get_token()}, f)`.
struct task_options {
  /// Default: normal. The others go by lanes that all workers share, also inside a task: such a task costs as much as one
  /// from outside. get() in a task runs what nobody has started, whatever its priority.
  filch::priority priority = filch::priority::normal;

  /// Default: none. A stop request claims each task with this token that nobody has started, so that it never runs: its
  /// callable and captures are destroyed by the thread that requests, or by the one that is just submitting it, but for what a
  /// bulk shares, which goes with its last task; its future is ready then and throws task_cancelled. Tasks are ended one after
  /// the other, and others may start meanwhile. A task that runs, if its callable takes a std::stop_token, has been given one
  /// that this request stops, as the pool's shutdown does. Stop callbacks on that token run on the requesting thread or, of a
  /// bulk, on a worker that just starts another task of it; the task's end waits for them, so they should not wait for tasks.
  /// It is good while the task runs: to its children a task gives the group's token, not that one.
  ///
  /// One token may be given to any number of tasks, of several pools: to stop a group is to stop its source. Costs some 72
  /// bytes a task, which those that wait for their time have in any case, and, when it is submitted and when it starts, a lock
  /// of the standard library's that all tasks with this token share. Where the callable takes a token, some 88 bytes, the locks
  /// of this token and of the pool's twice more, and an allocation by the standard library, for a bulk one in all.
  std::stop_token stop{};
};

}  // namespace filch::inline v0_1
