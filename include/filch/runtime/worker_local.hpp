// A value for each worker, to be combined at the end: counting without a shared counter.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <filch/detail/base/cache_line.hpp>
#include <filch/detail/runtime/local_slots.hpp>
#include <filch/runtime/scheduler.hpp>

namespace filch::inline v0_1 {

/// A T for each thread that asks for one: for each worker of a pool without a lock, each on cache lines of its own and made
/// where it is used.
///
/// ```
/// filch::worker_local<std::size_t> words(pool);
/// pool.post_bulk(files, [&](const path& file) { words.local() += count_words(file); });
/// pool.wait_idle();
/// std::size_t all = words.combine(std::plus<>());
/// ```
///
/// Thread safety: local() may be called from any thread at any time while the pool is there. The other members, the destructor
/// among them, may not be called while anybody may use a value: call them after wait_idle(), shutdown() or a get() of each
/// task; where on_worker_stop uses one, after the pool. Then they see what the tasks did. They do not need the pool.
template <class T>
  requires std::is_object_v<T>
class worker_local {
 public:
  /// Values are made as T(). Throws std::bad_alloc.
  explicit worker_local(const scheduler& pool)
    requires std::is_default_constructible_v<T>
      : worker_local(pool, [] { return T(); }) {}

  /// Values are made by `make()`, on the thread that asks first, by several at the same time. Throws std::bad_alloc.
  worker_local(const scheduler& pool, std::function<T()> make)
      : slots_(pool), make_(std::move(make)), of_workers_(slots_.count()) {}

  worker_local(const worker_local&) = delete;
  worker_local& operator=(const worker_local&) = delete;

  /// The value of the calling thread, made if it is the first time. A task that calls get() may find the value changed
  /// afterwards: the awaited task perhaps ran on the same worker.
  ///
  /// Blocking: never on a worker of the pool, but for the heap the first time. On any other thread, a helper in get(help) for
  /// instance, it takes a lock that such threads share. Throws what `make` throws, std::bad_alloc; there is no value then.
  /// Complexity: constant on a worker, logarithmic in the number of the other threads, of which one that comes after another
  /// has ended may find that one's value.
  [[nodiscard]] T& local() {
    const std::optional<std::size_t> mine = slots_.mine();
    return mine ? value_in(of_workers_[*mine]) : local_of_other();
  }

  /// Folds copies of the values, those of workers first, in the order of their indices: `op(op(a, b), c)`. A new value where
  /// nobody has asked for one.
  template <class Op>
  [[nodiscard]] T combine(Op&& op) const {
    std::optional<T> sum;
    for_each([&](const T& value) {
      if (sum)
        sum = op(std::move(*sum), value);
      else
        sum.emplace(value);
    });
    return sum ? *std::move(sum) : make_();
  }

  /// Calls `visit(value)` for each value, in the same order.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (const auto& each : of_workers_)
      if (each) visit(each->value);
    for (const auto& [thread, each] : of_others_) visit(each->value);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& each : of_workers_)
      if (each) visit(std::as_const(each->value));
    for (const auto& [thread, each] : of_others_) visit(std::as_const(each->value));
  }

  /// Destroys the values. Whoever asks next gets a new one.
  void clear() noexcept {
    for (auto& each : of_workers_) each.reset();
    of_others_.clear();
  }

 private:
  struct alignas(detail::cache_line) padded {
    explicit padded(const std::function<T()>& make) : value(make()) {}
    T value;
  };

  // What the maker calls may have come by here, in a get() for instance: the first value stays.
  T& value_in(std::unique_ptr<padded>& place) {
    if (!place) {
      auto made = std::make_unique<padded>(make_);
      if (!place) place = std::move(made);
    }
    return place->value;
  }

  // The lock is not held while somebody's code makes a value.
  T& local_of_other() {
    const auto self = std::this_thread::get_id();
    {
      const std::scoped_lock lock(others_);
      if (const auto found = of_others_.find(self); found != of_others_.end()) return found->second->value;
    }
    auto made = std::make_unique<padded>(make_);
    const std::scoped_lock lock(others_);
    return of_others_.emplace(self, std::move(made)).first->second->value;
  }

  const detail::local_slots slots_;
  const std::function<T()> make_;
  std::vector<std::unique_ptr<padded>> of_workers_;  // each place is its worker's
  std::mutex others_;
  std::map<std::thread::id, std::unique_ptr<padded>> of_others_;
};

}  // namespace filch::inline v0_1
