// What every test of a pool runs in: it makes pools, and proves after the test that no task leaked and that every worker
// was parked before its pool went.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include <filch/filch.hpp>

namespace filch_tests {

using namespace std::chrono_literals;

/// How long a test waits for an event before it calls that a hang. No test waits this long when it passes.
inline constexpr std::chrono::seconds watchdog = 60s;

/// Waits for a condition that another thread brings about; false after the watchdog's time.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

/// A test that makes its pools with make_pool(). They are checked and destroyed, last made first, after the test.
class pool_test : public testing::Test {
 protected:
  pool_test();
  void TearDown() override;

  filch::scheduler& make_pool(filch::scheduler_options options = {});
  /// Destroys a pool in the middle of a test, without asking whether it is at rest.
  void destroy_pool(filch::scheduler& pool);

 private:
  std::uint64_t slabs_before_;
  std::list<std::unique_ptr<filch::scheduler>> pools_;
};

/// The width of a pool and whether it spins: every contract must hold in each combination.
struct pool_shape {
  std::int64_t workers;
  std::chrono::nanoseconds spin;
};

/// A test that runs with 1, 2 and 8 workers, without spinning and with. Ends with `INSTANTIATE_POOL_SHAPES(name)`.
class shaped_pool_test : public pool_test, public testing::WithParamInterface<pool_shape> {
 protected:
  /// Options of this shape, to be refined.
  [[nodiscard]] static filch::scheduler_options shape();
  filch::scheduler& make_shaped_pool() { return make_pool(shape()); }
};

std::string shape_name(const testing::TestParamInfo<pool_shape>& info);

#define INSTANTIATE_POOL_SHAPES(Suite)                                                                              \
  INSTANTIATE_TEST_SUITE_P(shapes, Suite,                                                                           \
                           testing::Values(filch_tests::pool_shape{1, std::chrono::nanoseconds{0}},                 \
                                           filch_tests::pool_shape{2, std::chrono::nanoseconds{0}},                 \
                                           filch_tests::pool_shape{8, std::chrono::nanoseconds{0}},                 \
                                           filch_tests::pool_shape{1, std::chrono::microseconds{20}},               \
                                           filch_tests::pool_shape{2, std::chrono::microseconds{20}},               \
                                           filch_tests::pool_shape{8, std::chrono::microseconds{20}}),              \
                           filch_tests::shape_name)

}  // namespace filch_tests
