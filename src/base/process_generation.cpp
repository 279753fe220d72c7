// pthread_atfork: the child's handler runs before fork() returns there, while the child has one thread.
#include <filch/detail/base/process_generation.hpp>

#include <new>

#include <pthread.h>

namespace filch::inline v0_1::detail {

constinit std::atomic<std::uint32_t> process_generation_word{0};

namespace {
extern "C" void filch_count_fork() { process_generation_word.fetch_add(1, std::memory_order_relaxed); }
}  // namespace

void watch_for_forks() {
  static const int failure = ::pthread_atfork(nullptr, nullptr, &filch_count_fork);
  if (failure != 0) throw std::bad_alloc();  // the only failure there is
}

}  // namespace filch::inline v0_1::detail
