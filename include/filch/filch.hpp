// All of filch: include this and link filch::filch.
#pragma once

#include <filch/base/version.hpp>
#include <filch/flow/job_options.hpp>
#include <filch/flow/rate_limiter.hpp>
#include <filch/flow/submit.hpp>
#include <filch/probe/metrics.hpp>
#include <filch/runtime/blocking.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/runtime/scheduler_options.hpp>
#include <filch/runtime/shutdown_counts.hpp>
#include <filch/runtime/this_worker.hpp>
#include <filch/runtime/worker_local.hpp>
#include <filch/task/errors.hpp>
#include <filch/task/executor_ref.hpp>
#include <filch/task/future.hpp>
#include <filch/task/priority.hpp>
#include <filch/task/task_options.hpp>
#include <filch/time/submit_after.hpp>
#include <filch/time/submit_every.hpp>
#include <filch/time/tick_options.hpp>
#include <filch/time/virtual_clock.hpp>
#include <filch/topology/binding.hpp>
#include <filch/topology/placement.hpp>
#include <filch/topology/topology.hpp>
#include <filch/topology/worker_count.hpp>
