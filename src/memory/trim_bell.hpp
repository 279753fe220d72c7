// How memory comes back that is freed while its pool sleeps: whoever frees much of it rings, and the pool trims its slabs.
// A slab may outlive its pool, so the two share the bell, and the pool silences it before it goes.
#pragma once

#include <cstdint>
#include <mutex>

#include <filch/detail/base/combined_calls.hpp>
#include <filch/detail/base/held_object.hpp>
#include <filch/detail/base/process_generation.hpp>

namespace filch::inline v0_1::detail {

class trim_bell final : public held_object<trim_bell> {
 public:
  using trim_function = void (*)(void* pool) noexcept;

  /// With one holder, who made it. Throws std::bad_alloc.
  [[nodiscard]] static trim_bell* create(trim_function trim, void* pool) { return new trim_bell(trim, pool); }

  /// Any holder, any thread: the function is called once more from its beginning, here or by the thread that is at it; unless
  /// the bell is silent, or this process is a child made by fork(). Waits for nothing but the few instructions of silence().
  void ring() noexcept {
    if (generation_ != process_generation()) return;
    calls_.call([this] {
      const std::scoped_lock lock(mutex_);
      if (trim_ != nullptr) trim_(pool_);
    });
  }

  /// The pool, before it goes: waits for who is at it; nobody calls the function afterwards.
  void silence() noexcept {
    const std::scoped_lock lock(mutex_);
    trim_ = nullptr;
  }

 private:
  friend class held_object<trim_bell>;
  trim_bell(trim_function trim, void* pool) noexcept : trim_(trim), pool_(pool) {}
  ~trim_bell() = default;

  const std::uint32_t generation_ = process_generation();
  combined_calls<> calls_;
  std::mutex mutex_;  // between silence() and the call, which runs nobody's code
  trim_function trim_;
  void* const pool_;
};

}  // namespace filch::inline v0_1::detail
