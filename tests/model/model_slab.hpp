// A slab of the models: blocks are counted instead of cut, each as if it were a chunk of its own; who frees, who trims and
// who rings is the shipped code, and so is how a slab outlives its pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "model_mutex.hpp"

#include <filch/detail/base/combined_calls.hpp>
#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/memory/remote_list.hpp>

namespace filch::inline v0_1::detail {

using model::relacy_atomics;

using free_block_node = basic_free_block<relacy_atomics>;

/// No model forks.
inline std::uint32_t process_generation() noexcept { return 0; }

#include "shipped_bell.inc"

class slab {
 public:
  static inline std::size_t retained_bytes = 0;  // in blocks

  /// A block: it holds a node from when it is freed until it is home. One that comes home to nobody has to be cleared.
  struct room {
    alignas(free_block_node) std::byte bytes[sizeof(free_block_node)];
    bool holds_node = false;

    void clear() {
      if (holds_node) std::launder(reinterpret_cast<free_block_node*>(bytes))->~free_block_node();
      holds_node = false;
    }
  };

  [[nodiscard]] static slab* create(trim_bell* bell) { return new slab(bell); }
  slab(const slab&) = delete;
  slab& operator=(const slab&) = delete;

  /// The owner: so many blocks go out.
  void lend(std::uint32_t blocks) {
    blocks_out_ = blocks_out_ + blocks;
    hold();
  }

  /// The owner: as allocate() does when a size class runs empty.
  void look_for_room() { take_home(remote_.take_all()); }

  /// Anybody: waits until no more is held than is retained, though something was lent.
  void wait_until_trimmed() const {
    for (;;) {
      const std::uint32_t held = held_.load(std::memory_order_relaxed);
      if (held != never_lent && held <= retained_bytes) return;
      relacy_atomics::wait(held_, held);
    }
  }
  [[nodiscard]] bool is_trimmed() const { return held_.newest() <= retained_bytes; }

  /// Anybody: as the destructor of a task.
  void free(room& block) {
    block.holds_node = true;
    free_remote(&block);
  }

  [[nodiscard]] bool wants_trim() const noexcept { return remote_.is_due(); }
  [[nodiscard]] std::size_t bytes_held() const noexcept {
    const std::uint32_t held = held_.load(std::memory_order_relaxed);
    return held == never_lent ? 0 : held;
  }

  // The shipped steps.
  void trim() noexcept;
  void orphan() noexcept;

 private:
  void free_remote(void* block) noexcept;  // shipped

  explicit slab(trim_bell* bell) noexcept : bell_(bell->share()) {}
  ~slab() { bell_->drop_holder(); }

  static constexpr std::uint32_t never_lent = ~0U;

  void hold() {
    held_.store(blocks_out_, std::memory_order_relaxed);
    relacy_atomics::wake_all(held_);
  }
  void take_home(free_block_node* list) {
    while (list != nullptr) {
      free_block_node* const home = list;
      list = home->next;
      reinterpret_cast<room*>(home)->clear();
      blocks_out_ = blocks_out_ - 1;
    }
  }
  void give_back_empty_chunks() {
    if (bytes_held() != blocks_out_) hold();
  }
  [[nodiscard]] bool much_is_in_use() const { return blocks_out_ > retained_bytes; }

  trim_bell* const bell_;
  remote_list<relacy_atomics> remote_;
  model::plain<std::uint32_t> blocks_out_{0};
  model::atomic<std::uint32_t> held_{never_lent};
};

}  // namespace filch::inline v0_1::detail
