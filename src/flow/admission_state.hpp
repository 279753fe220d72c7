// A gate without its handle: the word, and the line of those who wait for a place. It lives as long as the gate is there or a
// place is out. The protocol is in src/flow/README.md.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>

#include <filch/detail/base/process_generation.hpp>
#include <filch/detail/flow/admission_word.hpp>
#include <filch/flow/admission_options.hpp>

#include "park/parker.hpp"
#include "task/thread_role.hpp"

namespace filch::inline v0_1 {
class admission_gate;
}

namespace filch::inline v0_1::detail {

enum class wait_outcome { admitted, timeout, stopped };

/// Somebody in the line, on the stack of who waits. Leaves by its own step, or by that of the one who has taken it out and
/// notifies it then; never both.
struct waiting_submitter {
  waiting_submitter(parker& its_own, worker_role* its_role) noexcept : own(its_own), role(its_role) { own.prepare(); }

  waiting_submitter* before = nullptr;  // this and the next three under the lock
  waiting_submitter* behind = nullptr;
  bool in_line = false;
  wait_outcome outcome = wait_outcome::timeout;  // by who takes it out; read by the waiter afterwards
  parker& own;
  worker_role* const role;  // of a worker that counts as blocked meanwhile
};

class admission_state {
 public:
  explicit admission_state(const admission_options& options) noexcept : when_full(options.when_full), word_(options.capacity) {}
  admission_state(const admission_state&) = delete;
  admission_state& operator=(const admission_state&) = delete;

  [[nodiscard]] take_outcome try_take() noexcept { return word_.try_take(); }
  void take_regardless() noexcept { word_.take_regardless(); }
  /// By the holder of a place, who touches nothing of this afterwards.
  void give_back() noexcept;
  /// By the gate, once, when nobody waits and nobody will.
  void gate_goes() noexcept;

  /// Waits for a place, in turn. Throws too_many_blocked; it was not in the line then.
  [[nodiscard]] wait_outcome wait(worker_role* role, std::optional<steady_time> deadline, const std::stop_token& stop);

  [[nodiscard]] std::int64_t places() const noexcept { return word_.places(); }
  [[nodiscard]] std::int64_t taken() const noexcept { return word_.taken(); }
  [[nodiscard]] std::int64_t waiting() noexcept;

  const filch::when_full when_full;
  const std::uint32_t generation = process_generation();  // of the process that made it

 private:
  [[nodiscard]] take_outcome take_soon() noexcept;
  [[nodiscard]] line_outcome join_line(waiting_submitter& self) noexcept;
  [[nodiscard]] wait_outcome wait_in_line(waiting_submitter& self, std::optional<steady_time> deadline) noexcept;
  [[nodiscard]] bool hand_over() noexcept;
  [[nodiscard]] bool take_out_of_line(waiting_submitter& one, wait_outcome outcome) noexcept;
  void append(waiting_submitter& last) noexcept;
  void remove(waiting_submitter& one) noexcept;
  static void notify(waiting_submitter& taken_out) noexcept;

  admission_word<> word_;
  std::mutex mutex_;
  waiting_submitter* first_ = nullptr;  // from here on under it
  waiting_submitter* last_ = nullptr;
  std::int64_t length_ = 0;
};

/// From a gate to what it stands for.
struct gate_access {
  static admission_state& state(const admission_gate& gate) noexcept;
};

}  // namespace filch::inline v0_1::detail
