// Which place of an array belongs to the calling thread: one for each worker and spare of a pool.
#pragma once

#include <cstddef>
#include <optional>

namespace filch::inline v0_1 {

class scheduler;

namespace detail {

class pool_core;

/// The places of a pool. It does not hold the pool.
class local_slots {
 public:
  explicit local_slots(const scheduler& pool) noexcept;

  /// Workers and spares.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// The caller's, if it is a worker of the pool, which must be there then; nothing on any other thread. Never blocks.
  [[nodiscard]] std::optional<std::size_t> mine() const noexcept;

 private:
  const pool_core* const core_;
  const std::size_t count_;
};

}  // namespace detail
}  // namespace filch::inline v0_1
