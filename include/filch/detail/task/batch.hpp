// Many tasks that share one callable, in one block:  batch | item ... item | pointer ... pointer
//
// Each item is a task of its own, with its own state and future. The callable dies when the last item has run, before
// that item is published; the block goes when the last item is released.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <ranges>
#include <stdexcept>
#include <utility>

#include <filch/detail/task/callable.hpp>
#include <filch/detail/task/submitted_task.hpp>

namespace filch::inline v0_1::detail {

/// What can be called, as const and by many tasks at once, with an element of type T.
template <class F, class T>
inline constexpr bool bulk_takes_stop_token = std::is_invocable_v<const F&, std::stop_token, T>;

template <class F, class T>
concept bulk_submittable = bulk_takes_stop_token<F, T> || std::is_invocable_v<const F&, T>;

/// What the items of one batch share.
template <class F>
class batch {
 public:
  batch(const F& function, std::size_t bytes, std::size_t alignment, std::uint32_t items)
      : unfinished_(items), unreleased_(items), bytes_(bytes), alignment_(alignment) {
    ::new (static_cast<void*>(std::addressof(function_))) F(function);
  }
  batch(F&& function, std::size_t bytes, std::size_t alignment, std::uint32_t items)
      : unfinished_(items), unreleased_(items), bytes_(bytes), alignment_(alignment) {
    ::new (static_cast<void*>(std::addressof(function_))) F(std::move(function));
  }
  ~batch() {}

  /// Items run at the same time: the callable is const to them.
  template <class T>
  decltype(auto) call(const std::stop_token& stop, T&& element) const {
    if constexpr (bulk_takes_stop_token<F, T>)
      return std::invoke(function_, stop, std::forward<T>(element));
    else
      return std::invoke(function_, std::forward<T>(element));
  }

  /// An item has run or was abandoned.
  void item_ended() {
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
  reference_count<> unfinished_;
  reference_count<> unreleased_;
  const std::size_t bytes_;
  const std::size_t alignment_;
  union {
    F function_;
  };
};

template <class F, class T>
using bulk_result = decltype(std::declval<const batch<F>&>().call(std::declval<const std::stop_token&>(),
                                                                  std::declval<T>()));

/// A task of a batch with a future.
template <class R, class F, class T>
class batch_item final : public future_state<R> {
 public:
  template <class Element>
  batch_item(task_pool& owner, batch<F>& all, Element&& element) : future_state<R>(table, owner, 2), batch_(all) {
    ::new (static_cast<void*>(std::addressof(element_))) T(std::forward<Element>(element));
  }
  ~batch_item() {}

  /// For an item that was made and will not be queued, because a later one could not be made.
  void unmake() noexcept { std::destroy_at(std::addressof(element_)); }

 private:
  static batch_item& self(task_node& node) noexcept { return static_cast<batch_item&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    batch_item& item = self(node);
    return run_into_result(
        item,
        [&] {
          item.result.keep_result_of(
              [&]() -> R { return item.batch_.call(context.stop, std::move(item.element_)); });
        },
        [&] { item.end(); });
  }

  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    batch_item& item = self(node);
    item.result.keep_exception(std::move(reason));
    (void)run_into_result(item, [] {}, [&] { item.end(); });
  }

  void end() {
    std::destroy_at(std::addressof(element_));
    batch_.item_ended();
  }

  static void release(task_node& node) noexcept {
    batch_item& item = self(node);
    batch<F>& all = item.batch_;
    item.~batch_item();
    all.item_released();
  }

  static constexpr task_operations table{&run, &abandon, &release, true};

  batch<F>& batch_;
  union {
    T element_;
  };
};

/// A task of a batch without a future.
template <class F, class T>
class posted_batch_item final : public task_node {
 public:
  template <class Element>
  posted_batch_item(task_pool& owner, batch<F>& all, Element&& element) : task_node(table, owner, 1), batch_(all) {
    ::new (static_cast<void*>(std::addressof(element_))) T(std::forward<Element>(element));
  }
  ~posted_batch_item() {}

  void unmake() noexcept { std::destroy_at(std::addressof(element_)); }

 private:
  static posted_batch_item& self(task_node& node) noexcept { return static_cast<posted_batch_item&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    posted_batch_item& item = self(node);
    try {
      (void)item.batch_.call(context.stop, std::move(item.element_));
    } catch (...) {
      context.unhandled = std::current_exception();
    }
    item.end(context.unhandled);
    return context.unhandled ? run_outcome::exception : run_outcome::value;
  }

  static void abandon(task_node& node, std::exception_ptr) noexcept {
    std::exception_ptr ignored;
    self(node).end(ignored);
  }

  void end(std::exception_ptr& thrown) noexcept {
    try {
      std::destroy_at(std::addressof(element_));
      batch_.item_ended();
    } catch (...) {
      thrown = std::current_exception();
    }
  }

  static void release(task_node& node) noexcept {
    posted_batch_item& item = self(node);
    batch<F>& all = item.batch_;
    item.~posted_batch_item();
    all.item_released();
  }

  static constexpr task_operations table{&run, &abandon, &release, false};

  batch<F>& batch_;
  union {
    T element_;
  };
};

/// Where the parts of a block with `count` items lie.
template <class Header, class Item>
struct batch_layout {
  explicit batch_layout(std::size_t count) {
    constexpr std::size_t limit = std::size_t{1} << 31;
    if (count > limit || count > (~std::size_t{0} / 2) / (sizeof(Item) + sizeof(task_node*)))
      throw std::length_error("filch: a batch has room for 2^31 tasks: submit the range in parts");
    items = round_up(sizeof(Header), alignof(Item));
    pointers = round_up(items + count * sizeof(Item), alignof(task_node*));
    bytes = pointers + count * sizeof(task_node*);
  }

  static constexpr std::size_t alignment = alignof(Item) > alignof(Header) ? alignof(Item) : alignof(Header);
  std::size_t items;
  std::size_t pointers;
  std::size_t bytes;

 private:
  static constexpr std::size_t round_up(std::size_t offset, std::size_t to) noexcept {
    return (offset + to - 1) / to * to;
  }
};

/// Makes one item of type Item for each element of a range, in one block, to be queued together or not at all.
template <class Item, class F>
class batch_builder {
 public:
  template <class Range, class G>
  batch_builder(task_pool& pool, Range&& range, G&& function)
      : pool_(pool), count_(static_cast<std::size_t>(std::ranges::distance(range))) {
    const batch_layout<batch<F>, Item> layout(count_);
    auto* const block = static_cast<std::byte*>(pool.allocate(layout.bytes, layout.alignment));
    try {
      batch_ = ::new (block) batch<F>(std::forward<G>(function), layout.bytes, layout.alignment,
                                      static_cast<std::uint32_t>(count_));
    } catch (...) {
      free_block(block, layout.bytes, layout.alignment);
      throw;
    }
    items_ = reinterpret_cast<Item*>(block + layout.items);
    pointers_ = reinterpret_cast<task_node**>(block + layout.pointers);
    make_items(std::forward<Range>(range));
  }

  batch_builder(const batch_builder&) = delete;
  batch_builder& operator=(const batch_builder&) = delete;
  ~batch_builder() { discard(); }

  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] Item& operator[](std::size_t index) const noexcept { return items_[index]; }

  /// Queues every item. The pool and the futures hold them afterwards. Throws as task_pool::enqueue.
  void queue() {
    pool_.enqueue(pointers_, count_);
    made_ = 0;
  }

 private:
  // A container that was passed as an rvalue is emptied; a view may look at somebody else's elements.
  template <class Range>
  static constexpr bool may_move = !std::is_lvalue_reference_v<Range> && !std::ranges::view<std::remove_cvref_t<Range>>;

  template <class Range>
  void make_items(Range&& range) {
    try {
      for (auto&& element : range) {
        using given = std::conditional_t<may_move<Range>, std::remove_reference_t<decltype(element)>&&,
                                         decltype(element)>;
        Item* const item =
            ::new (static_cast<void*>(items_ + made_)) Item(pool_, *batch_, static_cast<given>(element));
        ::new (static_cast<void*>(pointers_ + made_)) task_node*(item);
        ++made_;
      }
    } catch (...) {
      discard_items();
      throw;
    }
  }

  void discard() noexcept {
    if (made_ != 0) discard_items();
  }

  // Nothing was queued: the parts go in the order in which a run would have ended them.
  void discard_items() noexcept {
    for (std::size_t i = 0; i != made_; ++i) {
      items_[i].unmake();
      items_[i].~Item();
    }
    for (std::size_t i = 0; i != count_; ++i) batch_->item_ended();
    for (std::size_t i = 0; i != count_; ++i) batch_->item_released();
    made_ = 0;
  }

  task_pool& pool_;
  const std::size_t count_;
  batch<F>* batch_ = nullptr;
  Item* items_ = nullptr;
  task_node** pointers_ = nullptr;
  std::size_t made_ = 0;
};

}  // namespace filch::inline v0_1::detail
