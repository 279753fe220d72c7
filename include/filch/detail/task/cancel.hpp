// Cancelling one task that is still queued.
#pragma once

namespace filch::inline v0_1::detail {

class task_node;

/// Claims the task if nobody has, and ends it without a call: its callable is destroyed here and now, its result is a
/// task_cancelled, and whoever waits is told. Answers whether it was in time. The caller holds a reference. Throws forked.
bool cancel_if_queued(task_node& task);

/// The end of a task that a stop callback has claimed. The caller holds a reference.
void cancel_by_token(task_node& claimed) noexcept;

}  // namespace filch::inline v0_1::detail
