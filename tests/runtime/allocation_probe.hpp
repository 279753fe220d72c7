// Lets a test do something in the middle of filch, where the calling thread takes memory for a slab or for one of its
// chunks: these are aligned to more than a pointer is, and for that the operator is exchanged in this program.
#pragma once

namespace filch_tests {

/// While it lives, the calling thread's next aligned allocation calls `action` first, once.
class at_next_aligned_allocation {
 public:
  using action = void (*)(void* context);
  at_next_aligned_allocation(action what, void* context) noexcept;
  ~at_next_aligned_allocation();
  at_next_aligned_allocation(const at_next_aligned_allocation&) = delete;
  at_next_aligned_allocation& operator=(const at_next_aligned_allocation&) = delete;
};

}  // namespace filch_tests
