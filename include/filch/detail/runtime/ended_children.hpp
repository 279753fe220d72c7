// Children of one group that a worker has ended, and of which the group has not been told yet: it is told of many at once. By
// the worker's own thread, which tells before it does anything that is not a child of this group; see src/runtime/README.md,
// task groups.
#pragma once

#include <cstdint>
#include <utility>

#include <filch/detail/base/atomics.hpp>
#include <filch/detail/runtime/child_count.hpp>

namespace filch::inline v0_1::detail {

template <class Atomics = standard_atomics>
class ended_children {
 public:
  using group = child_count<Atomics>;

  /// A child of this group begins.
  void begin(const group& of) noexcept {
    if (of_ != &of) tell();
  }

  /// A child of this group has ended.
  void count(group& of) noexcept {
    if (of_ != &of) {
      tell();
      of_ = &of;
    }
    ++count_;
  }

  /// Whether a new child of this group may take the place of one that has ended: the group need not be told of either.
  [[nodiscard]] bool replace(const group& of) noexcept {
    if (of_ != &of || count_ == 0) return false;
    --count_;
    return true;
  }

  /// Afterwards there is nothing left to tell, and the group may be gone.
  void tell() noexcept {
    if (count_ != 0) of_->remove(std::exchange(count_, 0));
  }

 private:
  group* of_ = nullptr;  // there while there are some
  std::uint64_t count_ = 0;
};

}  // namespace filch::inline v0_1::detail
