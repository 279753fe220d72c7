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
      ::new (static_cast<void*>(&value_)) stored{};
    } else if constexpr (std::is_reference_v<R>) {
      R&& reference = std::forward<Call>(call)();
      ::new (static_cast<void*>(&value_)) stored{std::addressof(reference)};
    } else {
      ::new (static_cast<void*>(&value_)) stored(std::forward<Call>(call)());
    }
    holds_ = content::value;
  }

  /// Keeps an exception, in place of a value if there is one already.
  void keep_exception(std::exception_ptr thrown) noexcept {
    clear();
    ::new (static_cast<void*>(&thrown_)) std::exception_ptr(std::move(thrown));
    holds_ = content::exception;
  }

  [[nodiscard]] bool holds_exception() const noexcept { return holds_ == content::exception; }

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

 private:
  enum class content : unsigned char { nothing, value, exception };

  void clear() noexcept {
    if (holds_ == content::value) value_.~stored();
    if (holds_ == content::exception) thrown_.~exception_ptr();
    holds_ = content::nothing;
  }

  union {
    stored value_;
    std::exception_ptr thrown_;
  };
  content holds_ = content::nothing;
};

}  // namespace filch::inline v0_1::detail
