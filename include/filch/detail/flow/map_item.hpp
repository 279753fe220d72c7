// An element of a stream of results: a task with its input, and room for its result.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/flow/map_stop.hpp>
#include <filch/detail/flow/map_window.hpp>
#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/batch.hpp>
#include <filch/detail/task/future_state.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/detail/task/run_callable.hpp>

namespace filch::inline v0_1::detail {

/// What the elements share: kept once, called as const by many tasks at once.
template <class F, class T>
class map_function {
 public:
  static constexpr bool takes_stop_token = bulk_takes_stop_token<F, T>;
  using stop_type = std::conditional_t<takes_stop_token, map_stop, no_map_stop>;
  using result = bulk_result<F, T>;

  template <class G>
  map_function(G&& function, const std::stop_token& given, const std::stop_token& of_pool)
      : function_(std::forward<G>(function)), stop_(given, of_pool) {}

  result operator()(T&& element) const {
    if constexpr (takes_stop_token)
      return std::invoke(function_, stop_.token(), std::move(element));
    else
      return std::invoke(function_, std::move(element));
  }

  [[nodiscard]] stop_type& stop() noexcept { return stop_; }

 private:
  const F function_;
  [[no_unique_address]] stop_type stop_;
};

/// Made with two references: the pool's and the consumer's.
template <class F, class T, class Hook>
class map_item final : public future_state<typename map_function<F, T>::result>, public map_entry {
 public:
  using result_type = typename map_function<F, T>::result;

  template <class Read>
  map_item(map_window& in, const map_function<F, T>& function, std::uint64_t its_index, Read&& read)
      : future_state<result_type>(table, in.pool(), 2 + Hook::holders),
        map_entry(static_cast<task_node&>(*this), its_index, in.told()),
        function_(function) {
    ::new (static_cast<void*>(std::addressof(element_))) T(std::forward<Read>(read)());
  }
  ~map_item() {}

  /// For the consumer, who queues it.
  [[nodiscard]] Hook& hook() noexcept { return hook_; }

 private:
  static map_item& self(task_node& node) noexcept { return static_cast<map_item&>(node); }

  static run_outcome run(task_node& node, run_context& context) noexcept {
    map_item& item = self(node);
    item.hook_.disarm(item);
    return run_into_result(
        item, context,
        [&] { item.result.keep_result_of([&]() -> result_type { return item.function_(std::move(item.element_)); }); },
        [&] { std::destroy_at(std::addressof(item.element_)); });
  }

  static void abandon(task_node& node, std::exception_ptr reason) noexcept {
    map_item& item = self(node);
    item.hook_.disarm(item);
    abandon_into_result(item, std::move(reason), [&] { std::destroy_at(std::addressof(item.element_)); });
  }

  // Nothing but memory is left: the consumer has ended the result.
  static void release(task_node& node) noexcept {
    map_item* const item = &self(node);
    item->~map_item();
    free_block(item, sizeof(map_item), alignof(map_item));
  }

  static constexpr task_operations table{&run, &abandon, &release, true};

  const map_function<F, T>& function_;
  [[no_unique_address]] Hook hook_;
  union {
    T element_;  // alive until run or abandoned
  };
};

}  // namespace filch::inline v0_1::detail
