// The consumer's side of map(): takes inputs as the window allows, queues them in groups, and has the next result.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <ranges>
#include <span>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <filch/detail/flow/map_item.hpp>
#include <filch/detail/flow/map_window.hpp>
#include <filch/detail/memory/blocks.hpp>
#include <filch/detail/task/own_stop.hpp>
#include <filch/flow/map_options.hpp>
#include <filch/flow/map_result.hpp>

namespace filch::inline v0_1::detail {

/// How many inputs are queued in one step: those of a container cost less together. Those that take their time are queued as
/// they come, and so are those of a single-pass range: they may come from somebody who waits for the results.
class map_group {
 public:
  static constexpr std::size_t largest = map_window::largest_group;
  enum class pace { fast, slow };

  explicit map_group(bool may_grow) noexcept : may_grow_(may_grow) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Taking one of this size took so long.
  pace taken(std::chrono::steady_clock::duration time) noexcept {
    const pace found = time > std::chrono::microseconds(100) ? pace::slow : pace::fast;
    size_ = found == pace::slow || !may_grow_ ? 1 : std::min(2 * size_, largest);
    return found;
  }

 private:
  const bool may_grow_;
  std::size_t size_ = 1;
};

/// Whether the elements of a range that is kept as V may be moved out of it.
template <class V>
inline constexpr bool owns_elements = false;
template <class Range>
inline constexpr bool owns_elements<std::ranges::owning_view<Range>> = true;

/// What an element of inputs kept as V is made of.
template <class V>
using read_element =
    std::conditional_t<owns_elements<V>, std::ranges::range_rvalue_reference_t<V>, std::ranges::range_reference_t<V>>;

template <std::ranges::view V, class F>
class map_stream {
 public:
  using element = std::ranges::range_value_t<V>;
  using function_type = map_function<F, element>;
  using result = typename function_type::result;

  template <class G>
  map_stream(scheduler& pool, V&& inputs, G&& function, const map_options& options)
      : window_(pool, options),
        given_stop_(options.task.stop),
        stoppable_(given_stop_.stop_possible()),
        function_(std::forward<G>(function), given_stop_, window_.stop_of_pool()),
        inputs_(std::move(inputs)) {}
  map_stream(const map_stream&) = delete;
  map_stream& operator=(const map_stream&) = delete;

  ~map_stream() {
    function_.stop().request();
    window_.abandon();
    while (map_entry* const left = window_.oldest()) finish(*left);
    while (spare_ != nullptr) free_block(std::exchange(spare_, spare_->next), item_size(), item_alignment);
  }

  [[nodiscard]] bool is_of_this_process() const noexcept { return window_.is_of_this_process(); }

  /// To the first result. If it throws it may be called again.
  void start() {
    if (!next_input_) {
      window_.require_open();
      next_input_.emplace(std::ranges::begin(inputs_));
    }
    if (!current_ && !at_end_) advance();
  }

  /// To the next result, or to the end. After an exception, which is not the end, there is no current result; the call may be
  /// repeated.
  void advance() {
    const map_window::pulling now(window_);
    current_.reset();
    take_if_ready();
    if (!current_ || room() >= window_.fair_share()) refill();
    if (!current_) take_if_ready();
    if (current_) return;
    if (window_.is_empty()) return end();
    take(*window_.wait_for_next());
  }

  [[nodiscard]] bool is_at_end() const noexcept { return at_end_; }
  /// Throws std::bad_optional_access where there is none.
  [[nodiscard]] map_result<result>& current() { return current_.value(); }

 private:
  using clock = std::chrono::steady_clock;
  template <class Hook>
  using item = map_item<F, element, Hook>;
  using plain_item = item<no_stop_hook>;
  using stoppable_item = item<stop_hook<task_node>>;
  struct spare_room {
    spare_room* next;
  };

  static constexpr std::size_t item_alignment = alignof(plain_item);
  static_assert(alignof(stoppable_item) == item_alignment);

  // The current result has a place in the window, too.
  [[nodiscard]] std::size_t room() const noexcept { return window_.room() - (current_ ? 1 : 0); }

  // Until the window is full. But who waits for single-pass inputs waits no longer than for one of them if there is a result.
  void refill() {
    while (!no_more_ && room() != 0) {
      if (given_stop_.stop_requested() || window_.stop_of_pool().stop_requested()) {
        no_more_ = true;
        return;
      }
      const map_group::pace found =
          stoppable_ ? queue_group<stop_hook<task_node>>() : queue_group<no_stop_hook>();
      if (std::ranges::forward_range<V> || found == map_group::pace::fast) continue;
      if (!current_) take_if_ready();
      if (current_) return;
    }
  }

  template <class Hook>
  map_group::pace queue_group() {
    const clock::time_point before = clock::now();
    std::array<item<Hook>*, map_group::largest> made;
    std::size_t count = 0;
    try {
      const std::size_t size = std::min(group_.size(), room());
      while (count != size && has_input()) {
        made[count] = make<Hook>();
        ++count;
      }
    } catch (...) {
      thrown_by_inputs_ = std::current_exception();
      no_more_ = true;
    }
    const map_group::pace found = group_.taken(clock::now() - before);
    if (count == 0) return found;
    std::array<map_entry*, map_group::largest> entries;
    for (std::size_t i = 0; i != count; ++i) {
      entries[i] = made[i];
      made[i]->hook().arm(*made[i], given_stop_);
    }
    try {
      window_.queue({entries.data(), count});
    } catch (...) {
      no_more_ = true;
      for (std::size_t i = 0; i != count; ++i) refuse(*made[i], std::current_exception());
      return found;
    }
    for (std::size_t i = 0; i != count; ++i) made[i]->hook().hand_over(*made[i]);
    return found;
  }

  // The one before is left only now: that may take as long as the next one is in coming.
  [[nodiscard]] bool has_input() {
    if (std::exchange(leave_input_, false)) ++*next_input_;
    if (*next_input_ != std::ranges::end(inputs_)) return true;
    no_more_ = true;
    return false;
  }

  template <class Hook>
  item<Hook>* make() {
    void* const room =
        spare_ != nullptr ? std::exchange(spare_, spare_->next) : window_.pool().allocate(sizeof(item<Hook>), item_alignment);
    try {
      item<Hook>* const made = ::new (room) item<Hook>(window_, function_, next_index_, [this]() -> read_element<V> {
        if constexpr (owns_elements<V>)
          return std::ranges::iter_move(*next_input_);
        else
          return **next_input_;
      });
      ++next_index_;
      leave_input_ = true;
      return made;
    } catch (...) {
      keep_spare(room);
      throw;
    }
  }

  template <class Hook>
  static void refuse(item<Hook>& made, const std::exception_ptr& reason) noexcept {
    made.hook().withdraw();
    for (std::uint32_t i = 0; i != Hook::holders; ++i) (void)made.references.drop();
    map_window::refuse(made, reason);
  }

  void take_if_ready() {
    if (map_entry* const next = window_.next_if_ready(); next != nullptr) take(*next);
  }

  void take(map_entry& next) noexcept {
    result_slot<result>& from = state_of(next).result;
    if (from.holds_exception()) {
      current_.emplace(next.index, from.take_exception());
    } else {
      try {
        current_.emplace(std::in_place, next.index, std::move(from.value()));
      } catch (...) {
        current_.emplace(next.index, std::current_exception());
      }
    }
    finish(next);
  }

  // Whoever is last has the memory: mostly that is the consumer, who uses it again.
  void finish(map_entry& done) noexcept {
    window_.remove(done);
    future_state<result>& state = state_of(done);
    state.discard_result();
    if (state.references.drop() == drop_outcome::others_hold) return;
    if (stoppable_)
      keep_spare(unmake<stop_hook<task_node>>(state));
    else
      keep_spare(unmake<no_stop_hook>(state));
  }

  template <class Hook>
  static void* unmake(future_state<result>& state) noexcept {
    item<Hook>& ended = static_cast<item<Hook>&>(state);
    ended.~map_item();
    return &ended;
  }

  static future_state<result>& state_of(map_entry& of) noexcept { return static_cast<future_state<result>&>(of.task()); }

  [[nodiscard]] std::size_t item_size() const noexcept {
    return stoppable_ ? sizeof(stoppable_item) : sizeof(plain_item);
  }
  void keep_spare(void* room) noexcept { spare_ = ::new (room) spare_room{spare_}; }

  void end() {
    at_end_ = true;
    if (thrown_by_inputs_) std::rethrow_exception(std::exchange(thrown_by_inputs_, nullptr));
  }

  map_window window_;
  const std::stop_token given_stop_;
  const bool stoppable_;  // once and for all: a token may lose its last source
  function_type function_;
  V inputs_;
  std::optional<std::ranges::iterator_t<V>> next_input_;
  map_group group_{std::ranges::forward_range<V>};
  bool leave_input_ = false;  // it is that of the newest element
  bool no_more_ = false;      // inputs are taken
  bool at_end_ = false;
  std::uint64_t next_index_ = 0;
  std::exception_ptr thrown_by_inputs_;
  spare_room* spare_ = nullptr;
  std::optional<map_result<result>> current_;
};

}  // namespace filch::inline v0_1::detail
