// Making all tasks of a batch in one block, to be queued together or not at all:
//
//   batch | item ... item | pointer ... pointer
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/batch.hpp>
#include <filch/detail/task/task_pool.hpp>

namespace filch::inline v0_1::detail {

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
template <class Item>
class batch_builder {
 public:
  using batch_type = typename Item::batch_type;

  template <class Range, class G>
  batch_builder(task_pool& pool, const std::stop_token& stop, Range&& range, G&& function)
      : pool_(pool), count_(static_cast<std::size_t>(std::ranges::distance(range))) {
    const batch_layout<batch_type, Item> layout(count_);
    auto* const block = static_cast<std::byte*>(pool.allocate(layout.bytes, layout.alignment));
    try {
      batch_ = ::new (block) batch_type(typename batch_type::link_type(stop), std::forward<G>(function),
                                        layout.bytes, layout.alignment, static_cast<std::uint32_t>(count_));
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
  void queue(priority rank) {
    pool_.enqueue_with(rank, pointers_, count_);
    made_ = 0;
  }

  /// The same for tasks with a stop token of their own. Where they cannot be queued their callbacks go with them.
  void queue(priority rank, const std::stop_token& stop) {
    for (std::size_t i = 0; i != count_; ++i) items_[i].hook().arm(items_[i], stop);
    queue(rank);
    for (std::size_t i = 0; i != count_; ++i) items_[i].hook().hand_over(items_[i]);
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
  batch_type* batch_ = nullptr;
  Item* items_ = nullptr;
  task_node** pointers_ = nullptr;
  std::size_t made_ = 0;
};

}  // namespace filch::inline v0_1::detail
