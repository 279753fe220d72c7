// One element of a stream of results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include <filch/detail/task/result_slot.hpp>

namespace filch::inline v0_1 {

/// What became of one input of map(): what the function returned, or the exception instead. A value of its own: it may be moved
/// away and kept, also when the stream and the pool are gone. R may be void or a reference.
///
/// Thread safety: as an int.
template <class R>
class map_result {
 public:
  using value_type = R;

  /// The number of the input in its range, from 0.
  [[nodiscard]] std::uint64_t index() const noexcept { return index_; }

  /// Whether the function returned.
  [[nodiscard]] bool has_value() const noexcept { return kept_.index() == returned; }
  [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

  /// What it returned. Throws what it threw instead; task_cancelled if it never ran; closed, forked or std::bad_alloc if its
  /// task could not be queued.
  std::add_lvalue_reference_t<R> value() & { return get<std::add_lvalue_reference_t<R>>(*this); }
  std::add_lvalue_reference_t<const R> value() const& { return get<std::add_lvalue_reference_t<const R>>(*this); }
  std::add_rvalue_reference_t<R> value() && { return get<std::add_rvalue_reference_t<R>>(*this); }

  /// As value().
  std::add_lvalue_reference_t<R> operator*() & { return value(); }
  std::add_lvalue_reference_t<const R> operator*() const& { return value(); }
  std::add_rvalue_reference_t<R> operator*() && { return std::move(*this).value(); }
  std::add_pointer_t<R> operator->()
    requires(!std::is_void_v<R>)
  {
    return std::addressof(value());
  }
  std::add_pointer_t<const R> operator->() const
    requires(!std::is_void_v<R>)
  {
    return std::addressof(value());
  }

  /// What value() throws, or nullptr.
  [[nodiscard]] std::exception_ptr error() const noexcept { return has_value() ? nullptr : *std::get_if<threw>(&kept_); }

  /// For the stream.
  map_result(std::in_place_t, std::uint64_t index, detail::stored_result<R>&& value)
      : index_(index), kept_(std::in_place_index<returned>, std::move(value)) {}
  map_result(std::uint64_t index, std::exception_ptr thrown) noexcept
      : index_(index), kept_(std::in_place_index<threw>, std::move(thrown)) {}

 private:
  static constexpr std::size_t threw = 0;
  static constexpr std::size_t returned = 1;

  template <class Given, class Self>
  static Given get(Self& self) {
    if (!self.has_value()) std::rethrow_exception(*std::get_if<threw>(&self.kept_));
    if constexpr (std::is_void_v<R>)
      return;
    else if constexpr (std::is_reference_v<R>)
      return static_cast<Given>(**std::get_if<returned>(&self.kept_));
    else
      return static_cast<Given>(*std::get_if<returned>(&self.kept_));
  }

  std::uint64_t index_;
  std::variant<std::exception_ptr, detail::stored_result<R>> kept_;
};

}  // namespace filch::inline v0_1
