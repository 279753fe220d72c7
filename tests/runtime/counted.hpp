// What a task carries, to see that it is gone.
#pragma once

#include <atomic>

namespace filch_tests {

/// Counts the living.
class counted {
 public:
  explicit counted(std::atomic<int>& living) : living_(&living) { living_->fetch_add(1); }
  counted(const counted& other) : living_(other.living_) { living_->fetch_add(1); }
  counted& operator=(const counted&) = delete;
  ~counted() { living_->fetch_sub(1); }

 private:
  std::atomic<int>* living_;
};

}  // namespace filch_tests
