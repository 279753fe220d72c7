// A worker that has been replaced must not be counted as blocked a second time, by a wait inside of the call.
#include <filch/runtime/blocking.hpp>

#include <exception>
#include <utility>

#include "task/thread_role.hpp"

namespace filch::inline v0_1::detail {

namespace {

// The role of a worker that counts as blocked now, or nullptr.
worker_role* replace_this_worker() noexcept {
  if (role_to_replace == nullptr) return nullptr;
  try {
    role_to_replace->begin_blocked_wait();
  } catch (const std::exception&) {  // too_many_blocked, or no memory to say so
    return nullptr;
  }
  return std::exchange(role_to_replace, nullptr);
}

}  // namespace

blocking_call::blocking_call() noexcept : role_(replace_this_worker()) {}

blocking_call::~blocking_call() {
  if (role_ == nullptr) return;
  role_to_replace = role_;
  role_->end_blocked_wait();
}

}  // namespace filch::inline v0_1::detail
