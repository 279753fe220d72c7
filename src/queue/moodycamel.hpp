// The one place that includes moodycamel::ConcurrentQueue. A back-end file.
//
// The queue orders the reuse of its blocks by fences, which ThreadSanitizer does not see: it would report the reuse as
// a race. So for that sanitizer alone the header is read with each operation as a seq_cst one and each fence as
// a compiler barrier: a fence beside a relaxed operation and an ordered operation say the same, but the sanitizer
// understands only the second. Nothing is suppressed, and other builds read the header as it is.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

#include <filch/detail/base/full_fence.hpp>

#if defined(FILCH_FENCE_BY_READ_MODIFY_WRITE)
#define memory_order_relaxed memory_order_seq_cst
#define memory_order_acquire memory_order_seq_cst
#define memory_order_release memory_order_seq_cst
#define memory_order_acq_rel memory_order_seq_cst
#define atomic_thread_fence atomic_signal_fence
#include <concurrentqueue.h>
#undef atomic_thread_fence
#undef memory_order_acq_rel
#undef memory_order_release
#undef memory_order_acquire
#undef memory_order_relaxed
#else
#include <concurrentqueue.h>
#endif
