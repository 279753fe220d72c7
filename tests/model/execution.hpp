// How often a program of a few threads is executed, and in which interleavings, without a word of what it does.
#pragma once

#include <cstddef>
#include <cstdint>

#include "check.hpp"

namespace filch::model {

/// before() sets up, thread(i) is what each thread does, after() looks at what is left, invariant() at every step.
/// RL_ASSERT() in any of them.
class program {
 public:
  program() = default;
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  virtual ~program() = default;

  virtual void before() {}
  virtual void thread(unsigned index) = 0;
  virtual void after() {}
  virtual void invariant() {}
};

/// Makes a program anew for each execution.
struct program_maker {
  static constexpr std::size_t alignment = 128;

  unsigned threads;
  std::size_t size;
  program* (*make_at)(void* room);
};

/// Executes a program so many times with random choices, the same in every run.
verdict execute(const program_maker& maker, std::uint64_t times);

/// Executes every interleaving of a program that has at most so many changes of threads.
verdict search(const program_maker& maker, unsigned switches);

}  // namespace filch::model
