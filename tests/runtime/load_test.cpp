// How busy a pool says it is.
#include <gtest/gtest.h>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class load_test : public shaped_pool_test {
 protected:
  static filch::detail::pool_load load_of(const filch::scheduler& pool) {
    return filch::detail::scheduler_access::core(pool).load();
  }
};
INSTANTIATE_POOL_SHAPES(load_test);

TEST_P(load_test, all_workers_of_a_new_pool_are_idle) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_TRUE(eventually([&] { return load_of(pool).idle == width(); }));
  EXPECT_EQ(load_of(pool).queued, 0U);
  EXPECT_EQ(load_of(pool).finished, 0U);
}

TEST_P(load_test, what_waits_counts_wherever_it_is_queued) {
  filch::scheduler& pool = make_shaped_pool();
  const event over;
  const event queued;
  auto parent = pool.submit([&] {
    for (int i = 0; i != 5; ++i) pool.post([&] { EXPECT_TRUE(over.wait()); });  // in the deque
    queued.set();
    EXPECT_TRUE(over.wait());
  });
  EXPECT_TRUE(queued.wait());
  for (int i = 0; i != 7; ++i) pool.post([&] { EXPECT_TRUE(over.wait()); });
  for (int i = 0; i != 3; ++i) pool.post({.priority = filch::priority::high}, [&] { EXPECT_TRUE(over.wait()); });
  for (int i = 0; i != 2; ++i) pool.post({.priority = filch::priority::low}, [&] { EXPECT_TRUE(over.wait()); });
  const std::size_t running = width();
  EXPECT_TRUE(eventually([&] { return load_of(pool).idle == 0 && load_of(pool).queued == 18 - running; }));
  EXPECT_EQ(load_of(pool).finished, 0U);
  over.set();
  pool.wait_idle();
  EXPECT_EQ(load_of(pool).queued, 0U);
  EXPECT_EQ(load_of(pool).finished, 18U);
}

TEST_P(load_test, what_is_reserved_for_later_does_not_wait_for_a_worker) {
  filch::scheduler& pool = make_shaped_pool();
  filch::detail::pool_core& core = filch::detail::scheduler_access::core(pool);
  core.reserve(filch::priority::normal);
  EXPECT_EQ(load_of(pool).queued, 0U);
  core.count_cancelled();
  EXPECT_EQ(load_of(pool).finished, 1U);
}

}  // namespace
