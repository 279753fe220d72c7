// An object that several hold and that goes with the last of them.
#pragma once

#include <filch/detail/base/reference_count.hpp>

namespace filch::inline v0_1::detail {

/// T derives from it and is made with new; its destructor may be private if this is a friend.
template <class T>
class held_object {
 public:
  held_object(const held_object&) = delete;
  held_object& operator=(const held_object&) = delete;

  /// By a holder: one more.
  [[nodiscard]] T* share() noexcept {
    holders_.add();
    return static_cast<T*>(this);
  }
  void drop_holder() noexcept {
    if (holders_.drop() == drop_outcome::last) delete static_cast<T*>(this);
  }

 protected:
  held_object() noexcept = default;
  ~held_object() = default;

 private:
  reference_count<> holders_{1};
};

}  // namespace filch::inline v0_1::detail
