// The slots of the models: two of them, shared by all who submit.
#pragma once

#include "model_queue.hpp"
#include "model_slab.hpp"

#include <filch/detail/runtime/closing.hpp>
#include <filch/detail/runtime/quiescence.hpp>

namespace filch::inline v0_1::detail {

struct submission_slot {
  submission_slot() = default;
  ~submission_slot() {
    if (slab* const own = memory.load(std::memory_order_relaxed); own != nullptr) own->orphan();
  }
  submission_slot(const submission_slot&) = delete;
  submission_slot& operator=(const submission_slot&) = delete;

  submission_mark<relacy_atomics> mark;
  task_ledger<relacy_atomics> ledger;
  injection_queue::producer producer;
  injection_queue::producer by_lane[2];
  model::atomic<slab*> memory{nullptr};

  [[nodiscard]] std::size_t memory_held() const noexcept {
    const slab* const own = memory.load(std::memory_order_acquire);
    return own == nullptr ? 0 : own->bytes_held();
  }

  // The shipped steps.
  void trim() noexcept;
  void leave() noexcept;
};

class submission_slots {
 public:
  submission_slot& lease() {
    for (unsigned i = 0;; i = (i + 1) % 2) {
      if (slots_[i].mark.try_lease() == lease_outcome::leased) return slots_[i];
      relacy_atomics::pause();
    }
  }
  void trim() noexcept {
    for (submission_slot& slot : slots_) slot.trim();
  }
  void wait_until_all_free() const {
    for (const submission_slot& slot : slots_) slot.mark.wait_until_free();
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const submission_slot& slot : slots_) visit(slot);
  }

 private:
  submission_slot slots_[2];
};

}  // namespace filch::inline v0_1::detail
