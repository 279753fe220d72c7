// How urgent a task is.
#pragma once

namespace filch::inline v0_1 {

/// Which tasks come first.
///
/// A worker that looks for its next task takes one of high priority before all others, wherever these wait, and one of low
/// priority when there is nothing else to do anywhere. So that nobody waits for ever, one look in 61 goes another way, in
/// turn to the normal tasks from outside, to the oldest of its own deque, to another worker's oldest, and to those of low
/// priority: of 244 looks at least one begins with each, and takes one task. Among tasks of one lane there is an order for
/// each thread that submits, and none between threads.
enum class priority : unsigned char { high, normal, low };

}  // namespace filch::inline v0_1
