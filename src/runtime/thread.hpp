// A named thread with a stack size, which std::thread cannot have. One back end: thread_pthread.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <pthread.h>

namespace filch::inline v0_1::detail {

class thread {
 public:
  using entry = void (*)(void*) noexcept;

  thread() noexcept = default;
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;

  /// Starts function(argument). `stack_size` 0 is the system's default. Throws std::system_error with a sentence.
  void start(entry function, void* argument, std::size_t stack_size);

  /// Waits until the thread has ended. Needs start().
  void join() noexcept;

 private:
  pthread_t handle_{};
};

/// Names the calling thread "name/what" or "name/index"; the name is cut where the system has no room for it.
void name_this_thread(const std::string& name, std::string_view what) noexcept;
void name_this_thread(const std::string& name, unsigned index) noexcept;

/// The smallest stack the system gives a thread.
std::size_t smallest_stack() noexcept;

}  // namespace filch::inline v0_1::detail
