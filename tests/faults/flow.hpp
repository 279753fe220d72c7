// The steps of a life that flow has. All futures are taken when they return.
#pragma once

#include <filch/runtime/scheduler.hpp>

#include "faults/account.hpp"

namespace filch_faults {

/// Where there is no memory to note a failure, the job ends with that.
void use_jobs(account& of, filch::scheduler& pool);

/// A size that cannot be had leaves the pool as it was. It has two workers before and after, and may have four.
void change_sizes(account& of, filch::scheduler& pool);

/// What was taken comes out once, as a value or as what it lacked.
void pull_streams(account& of, filch::scheduler& pool);

/// Whatever is refused after it was admitted gives its place back.
void pass_gates(account& of, filch::scheduler& pool);

/// The thread outside waits for a place.
void wait_at_a_gate(account& of, filch::scheduler& pool);

/// The worker of a narrow pool waits for a place: a spare is needed, and perhaps cannot be had.
void wait_at_a_gate_of_another_pool(account& of, filch::scheduler& narrow, filch::scheduler& elsewhere);

}  // namespace filch_faults
