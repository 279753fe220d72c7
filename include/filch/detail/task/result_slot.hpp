// Room for what a task returns or throws.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

namespace filch::inline v0_1::detail {

/// The value is kept as a pointer for a reference, as nothing for void.
template <class R>
using stored_result = std::conditional_t<std::is_reference_v<R>, std::remove_reference_t<R>*,
                                         std::conditional_t<std::is_void_v<R>, std::monostate, std::remove_cv_t<R>>>;

/// Written by the claimer before the task is finished, read by the future after it is ready.
template <class R>
class result_slot {
 public:
  using stored = stored_result<R>;

  result_slot() noexcept {}
  ~result_slot() { clear(); }

  result_slot(const result_slot&) = delete;
  result_slot& operator=(const result_slot&) = delete;

  /// Keeps what `call` returns, constructed in place.
  template <class Call>
  void keep_result_of(Call&& call) {
    if constexpr (std::is_void_v<R>) {
      std::forward<Call>(call)();
      ::new (place()) stored{};
    } else if constexpr (std::is_reference_v<R>) {
      R&& reference = std::forward<Call>(call)();
      ::new (place()) stored{std::addressof(reference)};
    } else {
      ::new (place()) stored(std::forward<Call>(call)());
    }
    holds_ = content::value;
  }

  /// Keeps an exception, in place of a value if there is one already.
  void keep_exception(std::exception_ptr thrown) noexcept {
    clear();
    ::new (place()) std::exception_ptr(std::move(thrown));
    holds_ = content::exception;
  }

  [[nodiscard]] bool holds_exception() const noexcept { return holds_ == content::exception; }
  /// Asked where there is an exception: whether take() has rethrown it.
  [[nodiscard]] bool exception_was_taken() const noexcept { return thrown_ == nullptr; }

  /// The value, moved out, or the exception, rethrown.
  R take() {
    // Moved out, so that the last holder of the task, on whatever thread, does not share the exception with a handler.
    if (holds_ == content::exception) std::rethrow_exception(std::exception_ptr(std::move(thrown_)));
    if constexpr (std::is_void_v<R>)
      return;
    else if constexpr (std::is_reference_v<R>)
      return static_cast<R>(*value_);
    else
      return std::move(value_);
  }

  /// Where there is a value: that.
  [[nodiscard]] stored& value() noexcept { return value_; }

  /// Where there is an exception: that, not thrown, and taken as by take().
  [[nodiscard]] std::exception_ptr take_exception() noexcept { return std::exchange(thrown_, nullptr); }

  /// Destroys what is kept.
  void clear() noexcept {
    const content held = std::exchange(holds_, content::nothing);
    if (held == content::value) std::destroy_at(std::addressof(value_));
    if (held == content::exception) std::destroy_at(std::addressof(thrown_));
  }

 private:
  enum class content : unsigned char { nothing, value, exception };

  void* place() noexcept { return const_cast<void*>(static_cast<const volatile void*>(std::addressof(value_))); }

  union {
    stored value_;
    std::exception_ptr thrown_;
  };
  content holds_ = content::nothing;
};

}  // namespace filch::inline v0_1::detail
