// filch with a gate and without, and pools as they are, to bound them by hand: Asio and oneTBB have nothing for those who
// submit from outside.
#pragma once

#include <cstddef>
#include <utility>

#include "peers/all.hpp"

#if PEER_ASIO
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#endif

namespace peers {

class gate_of_filch {
 public:
  static constexpr const char* name = "filch";

  explicit gate_of_filch(std::ptrdiff_t places) : gate_({.capacity = places}) {}

  template <class F>
  void submit(F function) {
    (void)filch::submit(pool_, {.gate = &gate_}, std::move(function));
  }
  template <class F>
  bool try_submit(F function) {
    return filch::try_submit(pool_, gate_, std::move(function)).has_value();
  }
  void wait() { pool_.wait_idle(); }

 private:
  filch::scheduler pool_{{.workers = workers()}};
  filch::admission_gate gate_;
};

/// What the others cost beside it, and save.
class no_bound {
 public:
  static constexpr const char* name = "filch without";

  explicit no_bound(std::ptrdiff_t) {}

  template <class F>
  void submit(F function) {
    (void)filch::submit(pool_, {}, std::move(function));
  }
  template <class F>
  bool try_submit(F function) {
    submit(std::move(function));
    return true;
  }
  void wait() { pool_.wait_idle(); }

 private:
  filch::scheduler pool_{{.workers = workers()}};
};

class plain_filch {
 public:
  static constexpr const char* name = "filch by hand";

  template <class F>
  void post(F function) {
    pool_.post(std::move(function));
  }

 private:
  filch::scheduler pool_{{.workers = workers()}};
};

#if PEER_ASIO
class plain_asio {
 public:
  static constexpr const char* name = "asio";

  template <class F>
  void post(F function) {
    boost::asio::post(pool_, std::move(function));
  }

 private:
  boost::asio::thread_pool pool_{workers()};
};
#endif

#if PEER_TBB
class plain_tbb {
 public:
  static constexpr const char* name = "tbb enqueue";

  template <class F>
  void post(F function) {
    arena_.enqueue(std::move(function));
  }

 private:
  // The limit counts the caller's thread as well.
  tbb::global_control limit_{tbb::global_control::max_allowed_parallelism, workers() + 1};
  tbb::task_arena arena_{static_cast<int>(workers()), 0};
};
#endif

/// Calls `visit.operator()<Pool>()` for those above that bound admission, filch first. `Bound` is how the others do by hand.
template <template <class> class Bound, class Visit>
void for_each_bounded(const Visit& visit) {
  visit.template operator()<gate_of_filch>();
  visit.template operator()<Bound<plain_filch>>();
#if PEER_TBB
  visit.template operator()<Bound<plain_tbb>>();
#endif
#if PEER_ASIO
  visit.template operator()<Bound<plain_asio>>();
#endif
}

}  // namespace peers
