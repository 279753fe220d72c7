// Which tasks the calling thread is running.
#pragma once

namespace filch::inline v0_1::detail {

class running_task;

/// The innermost of them, which links to those around it; nullptr outside of tasks.
extern constinit thread_local const running_task* innermost_running_task;

}  // namespace filch::inline v0_1::detail
