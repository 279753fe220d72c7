// The steps of a life that wait for several functions or tasks together.
#pragma once

#include <filch/runtime/scheduler.hpp>

#include "faults/account.hpp"

namespace filch_faults {

/// What could not be queued is not counted: the waits end, and all that was taken has run.
void use_groups(account& of, filch::scheduler& pool);

/// A join that is refused has called nothing; else it has called all.
void use_joins(account& of, filch::scheduler& pool);

}  // namespace filch_faults
