// Many tasks that share one callable. Each item is a task of its own, with its own state and future. The callable dies
// when the last item has run, before that item is published; the block goes when the last item is released.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/base/cache_line.hpp>
#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/run_callable.hpp>
#include <filch/detail/task/task_pool.hpp>

namespace filch::inline v0_1::detail {

/// What can be called, as const and by many tasks at once, with an element of type T.
template <class F, class T>
inline constexpr bool bulk_takes_stop_token = std::is_invocable_v<const F&, const std::stop_token&, T>;

template <class F, class T>
concept bulk_submittable = bulk_takes_stop_token<F, T> || std::is_invocable_v<const F&, T>;

/// What the items of one batch share. What all workers read, what they all write, and what mostly the getter writes are
/// on lines of their own.
template <class F, class Link = pool_stop>
class batch {
 public:
  using link_type = Link;

  batch(Link link, const F& function, std::size_t bytes, std::size_t alignment, std::uint32_t items)
      : bytes_(bytes), alignment_(alignment), link_(std::move(link)), unfinished_(items), unreleased_(items) {
    ::new (static_cast<void*>(std::addressof(function_))) F(function);
  }
  batch(Link link, F&& function, std::size_t bytes, std::size_t alignment, std::uint32_t items)
      : bytes_(bytes), alignment_(alignment), link_(std::move(link)), unfinished_(items), unreleased_(items) {
    ::new (static_cast<void*>(std::addressof(function_))) F(std::move(function));
  }
  ~batch() {}

  /// Items run at the same time: the callable is const to them. `of_pool` is the pool's token.
  template <class T>
  decltype(auto) call(const std::stop_token& of_pool, T&& element) const {
    return link_.call(of_pool, [&](const std::stop_token& stop) -> decltype(auto) {
      if constexpr (bulk_takes_stop_token<F, T>)
        return std::invoke(function_, stop, std::forward<T>(element));
      else
        return std::invoke(function_, std::forward<T>(element));
    });
  }

  /// An item has run or was abandoned. Where nothing happens when the callable dies, nobody counts.
  void item_ended() {
    if constexpr (!std::is_trivially_destructible_v<F>)
      if (unfinished_.drop() == drop_outcome::last) std::destroy_at(std::addressof(function_));
  }

  void item_released() noexcept {
    if (unreleased_.drop() == drop_outcome::others_hold) return;
    const std::size_t bytes = bytes_;
    const std::size_t alignment = alignment_;
    this->~batch();
    free_block(this, bytes, alignment);
  }

 private:
  const std::size_t bytes_;
  const std::size_t alignment_;
  [[no_unique_address]] const Link link_;
  union {
    F function_;
  };
  alignas(cache_line) reference_count<> unfinished_;
  alignas(cache_line) reference_count<> unreleased_;
};

template <class F, class T>
using bulk_result = kept_result<decltype(std::declval<const batch<F>&>().call(std::declval<const std::stop_token&>(),
                                                                              std::declval<T>()))>;

/// A task of a batch with a future.
template <class R, class F, class T, class Stop = without_own_stop>
class batch_item final : public future_state<R> {
 public:
  using batch_type = batch<F, typename Stop::link>;

  template <class Element>
  batch_item(task_pool& pool, batch_type& all, Element&& element)
      : future_state<R>(table, pool, 2 + Stop::hook::holders), batch_(all) {
    ::new (static_cast<void*>(std::addressof(element_))) T(std::forward<Element>(element));
  }
  ~batch_item() {}

  /// For the submitter.
  [[nodiscard]] typename Stop::hook& hook() noexcept { return hook_; }

  /// For an item that was made and will not be queued, because a later one could not be made.
  void unmake() noexcept { std::destroy_at(std::addressof(element_)); }

 private:
  static batch_item& self(task_node& node) noexcept { return static_cast<batch_item&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    batch_item& item = self(node);
    item.hook_.disarm(item);
    return run_into_result(
        item, context,
        [&] {
          item.result.keep_result_of(
              [&]() -> R { return item.batch_.call(context.stop, std::move(item.element_)); });
        },
        [&] { std::destroy_at(std::addressof(item.element_)); }, [&] { item.batch_.item_ended(); });
  }

  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    batch_item& item = self(node);
    item.hook_.disarm(item);
    abandon_into_result(
        item, std::move(reason), [&] { std::destroy_at(std::addressof(item.element_)); },
        [&] { item.batch_.item_ended(); });
  }

  static void release(task_node& node) noexcept {
    batch_item& item = self(node);
    batch_type& all = item.batch_;
    item.~batch_item();
    all.item_released();
  }

  static constexpr task_operations table{&run, &abandon, &release, true};

  batch_type& batch_;
  [[no_unique_address]] typename Stop::hook hook_;
  union {
    T element_;
  };
};

/// A task of a batch without a future.
template <class F, class T, class Stop = without_own_stop>
class posted_batch_item final : public task_node {
 public:
  using batch_type = batch<F, typename Stop::link>;

  template <class Element>
  posted_batch_item(task_pool& pool, batch_type& all, Element&& element)
      : task_node(table, pool, 1 + Stop::hook::holders), batch_(all) {
    ::new (static_cast<void*>(std::addressof(element_))) T(std::forward<Element>(element));
  }
  ~posted_batch_item() {}

  /// For the submitter.
  [[nodiscard]] typename Stop::hook& hook() noexcept { return hook_; }

  void unmake() noexcept { std::destroy_at(std::addressof(element_)); }

 private:
  static posted_batch_item& self(task_node& node) noexcept { return static_cast<posted_batch_item&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    posted_batch_item& item = self(node);
    item.hook_.disarm(item);
    return run_without_result(
        context, [&] { (void)item.batch_.call(context.stop, std::move(item.element_)); },
        [&] { std::destroy_at(std::addressof(item.element_)); }, [&] { item.batch_.item_ended(); });
  }

  static void abandon(task_node& node, std::exception_ptr) noexcept {
    posted_batch_item& item = self(node);
    item.hook_.disarm(item);
    destroy_unrun([&] { std::destroy_at(std::addressof(item.element_)); }, [&] { item.batch_.item_ended(); });
  }

  static void release(task_node& node) noexcept {
    posted_batch_item& item = self(node);
    batch_type& all = item.batch_;
    item.~posted_batch_item();
    all.item_released();
  }

  static constexpr task_operations table{&run, &abandon, &release, Stop::present};

  batch_type& batch_;
  [[no_unique_address]] typename Stop::hook hook_;
  union {
    T element_;
  };
};

}  // namespace filch::inline v0_1::detail
