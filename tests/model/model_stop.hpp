// A stop state of the models, as the standard describes std::stop_token: callbacks run once, on the thread that stops or, if
// that has happened, in their constructor; a destructor waits for its callback unless it is called from inside it.
#pragma once

#include "model_mutex.hpp"

namespace filch::model {

/// Has one callback at a time, which is enough for one task.
class stop_state {
 public:
  struct callback {
    void (*run)(callback&);
    atomic<unsigned> done{0};
    plain<bool*> destroyed{nullptr};
    plain<bool> registered{false};

    explicit callback(void (*function)(callback&)) : run(function) {}
  };

  void request_stop(unsigned self) {
    mutex_.lock();
    stopped_.store(1, std::memory_order_release);
    requester_ = self;
    callback* const taken = registered_;
    registered_ = nullptr;
    mutex_.unlock();
    if (taken == nullptr) return;
    bool destroyed = false;
    taken->destroyed = &destroyed;
    taken->run(*taken);
    if (destroyed) return;
    taken->destroyed = nullptr;
    taken->done.store(1, std::memory_order_release);
  }

  bool stop_requested() { return stopped_.load(std::memory_order_acquire) != 0; }

  void add(callback& added) {
    mutex_.lock();
    const bool stopped = stopped_.load(std::memory_order_relaxed) != 0;
    if (!stopped) registered_ = &added;
    mutex_.unlock();
    if (stopped) added.run(added);
    added.registered = !stopped;  // late, as in libstdc++: an object that is not constructed yet may run already
  }

  void remove(callback& gone, unsigned self) {
    if (!gone.registered) return;
    mutex_.lock();
    const bool waits_still = registered_ == &gone;
    if (waits_still) registered_ = nullptr;
    mutex_.unlock();
    if (waits_still) return;
    if (requester_ == self) {
      if (bool* const destroyed = gone.destroyed; destroyed != nullptr) *destroyed = true;
      return;
    }
    while (gone.done.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
  }

 private:
  mutex mutex_;
  plain<callback*> registered_{nullptr};
  atomic<int> stopped_{0};
  plain<unsigned> requester_{~0U};
};

struct stop_token {
  stop_state* state;
};

/// As std::stop_callback.
template <class F>
class stop_callback : public stop_state::callback {
 public:
  stop_callback(const stop_token& token, F function) : callback(&call), state_(*token.state), function_(function) {
    state_.add(*this);
  }
  ~stop_callback() {
    state_.remove(*this, static_cast<unsigned>(rl::thread_index()));
    alive_ = false;
  }

 private:
  static void call(callback& self) {
    auto& own = static_cast<stop_callback&>(self);
    RL_ASSERT(own.alive_);
    own.function_();
  }

  stop_state& state_;
  F function_;
  plain<bool> alive_{true};
};

}  // namespace filch::model
