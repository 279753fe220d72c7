// What the steps of a life have in common: they may be refused, and the first thing that is wrong is noted.
#pragma once

#include <condition_variable>
#include <mutex>
#include <new>
#include <string>
#include <system_error>

#include <filch/filch.hpp>

namespace filch_faults {

/// Does not take memory.
class gate {
 public:
  void open() {
    const std::scoped_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class account {
 public:
  /// Runs `step`; a lack of something is no fault of it.
  template <class Step>
  bool attempt(const Step& step) {
    try {
      step();
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    } catch (const filch::too_many_blocked&) {
      return false;
    } catch (const std::system_error&) {  // no thread for the timers
      return false;
    }
  }

  void expect_value(filch::future<int>& of) {
    if (of.get() != 1) note("a task came to something else");
  }

  void note(const char* what) {
    const std::scoped_lock lock(mutex_);
    if (wrong_.empty()) wrong_ = what;
  }
  void note(const std::string& what) { note(what.c_str()); }

  /// When all is over.
  [[nodiscard]] std::string wrong() const { return wrong_; }

 private:
  std::mutex mutex_;
  std::string wrong_;
};

}  // namespace filch_faults
