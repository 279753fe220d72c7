// The checks after each test.
#include "runtime/pool_fixture.hpp"

#include <thread>

#include "memory/slab.hpp"
#include "runtime/pool_core.hpp"

namespace filch_tests {

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + watchdog;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

pool_test::pool_test() : slabs_before_(filch::detail::slab::in_existence()) {}

filch::scheduler& pool_test::make_pool(filch::scheduler_options options) {
  return *pools_.emplace_back(std::make_unique<filch::scheduler>(std::move(options)));
}

void pool_test::destroy_pool(filch::scheduler& pool) {
  pools_.remove_if([&](const std::unique_ptr<filch::scheduler>& each) { return each.get() == &pool; });
}

void pool_test::TearDown() {
  while (!pools_.empty()) {
    filch::detail::pool_core& core = filch::detail::scheduler_access::core(*pools_.back());
    EXPECT_TRUE(eventually([&] { return core.is_at_rest() || core.stopping(); }))
        << "a worker is neither parked nor dormant, or a task is left:\n"
        << pools_.back()->metrics();
    pools_.pop_back();
  }
  EXPECT_EQ(filch::detail::slab::in_existence(), slabs_before_) << "a task or a future leaked";
}

filch::scheduler_options shaped_pool_test::shape() {
  filch::scheduler_options options;
  options.workers = GetParam().workers;
  options.spin = GetParam().spin;
  return options;
}

std::string shape_name(const testing::TestParamInfo<pool_shape>& info) {
  return std::to_string(info.param.workers) + (info.param.workers == 1 ? "_worker" : "_workers") +
         (info.param.spin.count() == 0 ? "_not_spinning" : "_spinning");
}

}  // namespace filch_tests
