// The exchanged calls. Those of hwloc take pointers to its own types, of which nothing is known here.
#include "faults/faults.hpp"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace filch_faults {

namespace {

constinit std::atomic<int> armed_kind{-1};
constinit std::atomic<std::int64_t> calls_left{0};
constinit std::atomic<std::int64_t> out{0};

// Whether this call is the one.
bool fails(kind what) noexcept {
  return armed_kind.load() == static_cast<int>(what) && calls_left.fetch_sub(1) == 1;
}

}  // namespace

void arm(kind what, std::uint64_t nth) noexcept {
  calls_left = static_cast<std::int64_t>(nth);
  armed_kind = static_cast<int>(what);
}

bool disarm() noexcept {
  armed_kind = -1;
  return calls_left.load() <= 0;
}

std::int64_t blocks_out() noexcept { return out.load(); }

}  // namespace filch_faults

using filch_faults::fails;
using filch_faults::kind;
using filch_faults::out;

extern "C" {

void* __real_malloc(std::size_t bytes);
void __real_free(void* block);
int __real_pthread_create(pthread_t* made, const pthread_attr_t* how, void* (*run)(void*), void* with);
int __real_hwloc_set_cpubind(void* of, const void* to, int flags);
int __real_hwloc_get_cpubind(void* of, void* into, int flags);
int __real_hwloc_topology_init(void* made);
int __real_hwloc_topology_load(void* of);
long __real_syscall(long number, ...);

static int refused(int reason) {
  errno = reason;
  return -1;
}

static void* taken(std::size_t bytes) {
  void* const block = __real_malloc(bytes);
  if (block != nullptr) out.fetch_add(1);
  return block;
}

void* __wrap_malloc(std::size_t bytes) {
  if (!fails(kind::allocation) && !fails(kind::injection)) return taken(bytes);
  errno = ENOMEM;
  return nullptr;
}

void __wrap_free(void* block) {
  if (block != nullptr) out.fetch_sub(1);
  __real_free(block);
}

int __wrap_pthread_create(pthread_t* made, const pthread_attr_t* how, void* (*run)(void*), void* with) {
  return fails(kind::thread) ? EAGAIN : __real_pthread_create(made, how, run, with);
}

int __wrap_hwloc_set_cpubind(void* of, const void* to, int flags) {
  return fails(kind::binding) ? refused(EPERM) : __real_hwloc_set_cpubind(of, to, flags);
}

int __wrap_hwloc_get_cpubind(void* of, void* into, int flags) {
  return fails(kind::reading_binding) ? refused(EPERM) : __real_hwloc_get_cpubind(of, into, flags);
}

int __wrap_hwloc_topology_init(void* made) {
  return fails(kind::topology_init) ? refused(ENOMEM) : __real_hwloc_topology_init(made);
}

int __wrap_hwloc_topology_load(void* of) {
  return fails(kind::topology_load) ? refused(ENOMEM) : __real_hwloc_topology_load(of);
}

// All that filch asks of the kernel by number is futexes: six arguments at most.
long __wrap_syscall(long number, ...) {
  va_list given;
  va_start(given, number);
  long arguments[6];
  for (long& each : arguments) each = va_arg(given, long);
  va_end(given);
  const bool waits = number == SYS_futex && ((arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAIT ||
                                             (arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET);
  if (waits && fails(kind::futex_interrupted)) return refused(EINTR);
  if (waits && fails(kind::futex_again)) return refused(EAGAIN);
  return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}
}

// The operators that the others fall back on, and those that a sanitizer would answer by itself.
namespace {

void* plain(std::size_t bytes) noexcept { return fails(kind::allocation) ? nullptr : taken(bytes); }

void* aligned(std::size_t bytes, std::align_val_t alignment) noexcept {
  if (fails(kind::allocation)) return nullptr;
  const auto unit = static_cast<std::size_t>(alignment);
  void* const block = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
  if (block != nullptr) out.fetch_add(1);
  return block;
}

void* or_throw(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t bytes) { return or_throw(plain(bytes)); }
void* operator new[](std::size_t bytes) { return or_throw(plain(bytes)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return plain(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return plain(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return or_throw(aligned(bytes, alignment)); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return or_throw(aligned(bytes, alignment)); }
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return aligned(bytes, alignment);
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
