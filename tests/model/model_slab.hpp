// A slab of the models: blocks are counted instead of cut, each as if it were a chunk of its own; who frees, who trims and
// who rings is the shipped code.
#pragma once

#include "scenario.hpp"

#include <filch/detail/base/combined_calls.hpp>
#include <filch/detail/memory/remote_list.hpp>

namespace filch::inline v0_1::detail {

using model::relacy_atomics;

class pool_core;
using free_block_node = basic_free_block<relacy_atomics>;

/// As trim_bell, of a pool that stays.
class trim_bell {
 public:
  explicit trim_bell(pool_core& pool) : pool_(pool) {}
  void ring() noexcept;

 private:
  pool_core& pool_;
  combined_calls<relacy_atomics> calls_;
};

class slab {
 public:
  static inline std::size_t retained_bytes = 0;  // in blocks

  struct alignas(free_block_node) room {
    std::byte bytes[sizeof(free_block_node)];
  };

  explicit slab(trim_bell* bell) noexcept : bell_(bell) {}
  ~slab() { take_home(remote_.take_all()); }
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

  [[nodiscard]] bool wants_trim() const noexcept { return remote_.is_due(); }
  [[nodiscard]] std::size_t bytes_held() const noexcept {
    const std::uint32_t held = held_.load(std::memory_order_relaxed);
    return held == never_lent ? 0 : held;
  }

  // The shipped steps.
  void trim() noexcept;
  void free_remote(void* block) noexcept;

 private:
  static constexpr std::uint32_t never_lent = ~0U;

  void hold() {
    held_.store(blocks_out_, std::memory_order_relaxed);
    relacy_atomics::wake_all(held_);
  }
  void take_home(free_block_node* list) {
    while (list != nullptr) {
      free_block_node* const home = list;
      list = home->next;
      home->~free_block_node();
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
