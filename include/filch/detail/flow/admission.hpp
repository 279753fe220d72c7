// Getting a place of a gate, and giving it back. What waits for one is in src/flow/admission.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>

namespace filch::inline v0_1 {
class admission_gate;
class scheduler;
}  // namespace filch::inline v0_1

namespace filch::inline v0_1::detail {

class admission_state;
class task_pool;

/// One place, or none. Gives it back when it is destroyed, by any thread; the gate may be gone.
class place {
 public:
  place() noexcept = default;
  explicit place(admission_state& taken_of) noexcept : of_(&taken_of) {}
  place(place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  place& operator=(place&&) = delete;
  ~place() {
    if (of_ != nullptr) give_back(*of_);
  }

 private:
  friend class place_in_use;
  static void give_back(admission_state& to) noexcept;

  admission_state* of_ = nullptr;
};

/// While this is there the calling thread works for the holder of a place: it must not wait for another of the same gate.
class place_in_use {
 public:
  explicit place_in_use(const place& used) noexcept : of_(used.of_), outer_(innermost) { innermost = this; }
  ~place_in_use() { innermost = outer_; }
  place_in_use(const place_in_use&) = delete;
  place_in_use& operator=(const place_in_use&) = delete;

  /// Linear in the depth.
  [[nodiscard]] static bool is_of(const admission_state& gate) noexcept;

 private:
  static constinit thread_local const place_in_use* innermost;

  const admission_state* const of_;
  const place_in_use* const outer_;
};

enum class admission_outcome {
  admitted,
  full,
  stopped  // the stop token said so, or the deadline: the task is not to run
};
struct admission {
  admission_outcome outcome;
  place taken{};
};

/// As the gate's options say; `full` where the caller has to run the task. Throws rejected, closed, forked, too_many_blocked.
[[nodiscard]] admission admit(const admission_gate& gate, scheduler& pool, const std::stop_token& stop,
                              std::optional<std::chrono::steady_clock::time_point> deadline);

/// Without waiting. Throws closed, forked.
[[nodiscard]] admission admit_at_once(const admission_gate& gate, scheduler& pool);

/// Waits until the deadline at most. Throws closed, forked, too_many_blocked.
[[nodiscard]] admission admit_until(const admission_gate& gate, scheduler& pool, const std::stop_token& stop,
                                    std::chrono::steady_clock::time_point deadline);

/// What tasks see of a pool.
[[nodiscard]] task_pool& task_pool_of(const scheduler& pool) noexcept;

}  // namespace filch::inline v0_1::detail
