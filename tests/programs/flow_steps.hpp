// What the steps of flow say by their numbers: how a child is let through, and how a stream of children is pulled.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <filch/flow/admission_options.hpp>
#include <filch/flow/map_options.hpp>

namespace filch_programs {

/// The gates of a program, which differ in this.
constexpr std::array<filch::when_full, 3> gates{filch::when_full::block, filch::when_full::reject,
                                                filch::when_full::caller_runs};

/// Of a child that needs a place. Who is refused submits it without one.
struct passage {
  enum class entrance : std::uint8_t { submit, try_submit, submit_for, count_ };

  static constexpr std::uint32_t without_waits = gates.size() * static_cast<std::uint32_t>(entrance::count_);
  static constexpr std::uint32_t count = without_waits * 4;

  /// Of a number below `count`; of one below `without_waits` the child need not wait for a moment.
  explicit passage(std::uint32_t number) noexcept
      : gate(number % gates.size()),
        by(static_cast<entrance>(number / gates.size() % static_cast<std::uint32_t>(entrance::count_))),
        limited(number / without_waits % 2 == 1),
        retried(number / without_waits / 2 == 1) {}

  /// Whether who is let in has a place: else it may be run by its submitter without one.
  [[nodiscard]] bool always_has_a_place() const noexcept {
    return gates[gate] != filch::when_full::caller_runs || by != entrance::submit;
  }

  std::size_t gate;
  entrance by;
  bool limited;  // by the limiter of the program, too
  bool retried;  // fails at first
};

/// Of a stream of so many elements.
struct pulling {
  static constexpr std::uint32_t leaves = 8;  // a bit of the second number

  pulling(std::uint32_t many, std::uint32_t how) noexcept
      : elements(many),
        order(how % 2 == 0 ? filch::result_order::submission : filch::result_order::completion),
        window(std::array{1, 2, 5, 33}[how / 2 % 4]),
        pulled((how & leaves) == 0 || many == 0 ? many : 1 + (many - 1) * (how / 16) / 16) {}

  [[nodiscard]] bool is_left() const noexcept { return pulled != elements; }
  /// Whether it depends on chance which elements are pulled.
  [[nodiscard]] bool any_may_come() const noexcept { return is_left() && order == filch::result_order::completion; }
  /// So many inputs at most are taken: what was pulled before, and the window.
  [[nodiscard]] std::uint32_t taken() const noexcept {
    return std::min(elements, pulled + static_cast<std::uint32_t>(window) - 1);
  }

  std::uint32_t elements;
  filch::result_order order;
  std::int64_t window;
  std::uint32_t pulled;
};

}  // namespace filch_programs
