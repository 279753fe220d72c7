// Spares in an order that is rare: the second one is made while the place of the first is empty.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;

class spares_test : public shaped_pool_test {
 protected:
  /// A pool with two spares, one worker blocked, and the second spare in its place: the first one's bit is taken, as by one who
  /// is about to make it.
  filch::scheduler& make_pool_with_an_empty_place() {
    filch::scheduler_options options = shape();
    options.spares = 2;
    filch::scheduler& pool = make_pool(std::move(options));
    const filch::detail::block_result taken = core(pool).spares().block();
    EXPECT_EQ(taken.outcome, filch::detail::block_outcome::replaced);
    EXPECT_EQ(taken.spare, 0U);
    elsewhere_ = &make_pool({.workers = 1});
    far_.emplace(*elsewhere_, 1);
    blocked_ = block_one_worker(pool);
    EXPECT_TRUE(eventually([&] { return is_parked(pool, second_spare()); }));
    EXPECT_EQ(core(pool).worker_at(first_spare()), nullptr);
    return pool;
  }

  /// A task that waits for another pool until end_waits().
  filch::future<void> block_one_worker(filch::scheduler& pool) {
    return pool.submit([&other = *elsewhere_] { other.submit([] {}).get(); });
  }
  void end_waits() {
    far_->release();
    blocked_.get();
  }

  static filch::detail::pool_core& core(const filch::scheduler& pool) { return filch::detail::scheduler_access::core(pool); }
  [[nodiscard]] static unsigned first_spare() { return width(); }
  [[nodiscard]] static unsigned second_spare() { return width() + 1; }

  /// Whether there is a worker at an index, and it sleeps or is about to.
  [[nodiscard]] static bool is_parked(const filch::scheduler& pool, unsigned index) {
    const filch::detail::worker* const own = core(pool).worker_at(index);
    return own != nullptr && (core(pool).word(own->seat().group).parked() >> own->seat().bit & 1) != 0;
  }

  void TearDown() override {
    far_.reset();
    shaped_pool_test::TearDown();
  }

 private:
  filch::scheduler* elsewhere_ = nullptr;
  std::optional<held_workers> far_;
  filch::future<void> blocked_;
};
INSTANTIATE_POOL_SHAPES(spares_test);

TEST_P(spares_test, a_spare_searches_and_parks_beside_a_place_that_is_empty) {
  filch::scheduler& pool = make_pool_with_an_empty_place();
  EXPECT_FALSE(core(pool).work_visible());
  EXPECT_EQ(pool.metrics().spares.size(), 2U);
  EXPECT_EQ(pool.metrics().spares_in_use, 2U);
  {
    const held_workers all(pool, width());  // the spare among them
  }
  EXPECT_EQ(pool.submit([] { return 42; }).get(), 42);
  end_waits();
  core(pool).spares().return_spare(0);
  pool.wait_idle();
  EXPECT_TRUE(eventually([&] { return pool.metrics().spares_in_use == 0; }));
  EXPECT_EQ(core(pool).worker_at(first_spare()), nullptr);
}

TEST_P(spares_test, a_spare_that_is_made_late_leaves_the_one_behind_it_within_reach) {
  filch::scheduler& pool = make_pool_with_an_empty_place();
  core(pool).spares().return_spare(0);
  filch::future<void> blocked = block_one_worker(pool);
  EXPECT_TRUE(eventually([&] { return is_parked(pool, first_spare()); }));
  EXPECT_EQ(core(pool).workers_in_use(), width() + 2);
  EXPECT_EQ(pool.metrics().spares_in_use, 2U);
  {
    const held_workers all(pool, width());  // both spares among them
  }
  end_waits();
  blocked.get();
}

TEST_P(spares_test, a_shutdown_cancels_what_is_queued_behind_a_place_that_is_empty) {
  filch::scheduler& pool = make_pool_with_an_empty_place();
  core(pool).spares().return_spare(0);
  const auto inside = std::make_shared<std::atomic<unsigned>>(0);
  const auto queued = std::make_shared<std::atomic<unsigned>>(0);
  const event all_inside;
  const event over;
  for (unsigned i = 0; i != width(); ++i)
    pool.post([=, &pool] {
      inside->fetch_add(1);
      EXPECT_TRUE(all_inside.wait());  // from here on nobody is free to steal
      pool.post([] { ADD_FAILURE() << "ran after it was cancelled"; });
      queued->fetch_add(1);
      EXPECT_TRUE(over.wait());
    });
  EXPECT_TRUE(eventually([&] { return inside->load() == width(); }));
  all_inside.set();
  EXPECT_TRUE(eventually([&] { return queued->load() == width(); }));
  EXPECT_TRUE(core(pool).work_visible());
  EXPECT_EQ(pool.shutdown_for(0s), (filch::shutdown_counts{.cancelled = width(), .running = width() + 1}));
  over.set();
  end_waits();
  EXPECT_EQ(pool.shutdown(), (filch::shutdown_counts{.finished = width() + 1, .cancelled = width()}));
}

}  // namespace
