// Ringing calls the pool while it is there; and frees that pile up elsewhere ring.
#include "memory/trim_bell.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <filch/detail/base/process_generation.hpp>
#include <filch/detail/memory/blocks.hpp>

#include "base/end_child.hpp"
#include "memory/slab.hpp"

namespace {

using filch::detail::free_block;
using filch::detail::slab;
using filch::detail::trim_bell;

void count(void* into) noexcept { static_cast<std::atomic<int>*>(into)->fetch_add(1); }

TEST(trim_bell, it_rings_until_it_is_silenced) {
  std::atomic<int> rung{0};
  trim_bell* const bell = trim_bell::create(&count, &rung);
  bell->ring();
  bell->ring();
  EXPECT_EQ(rung.load(), 2);
  trim_bell* const share = bell->share();
  bell->silence();
  bell->drop_holder();
  share->ring();
  EXPECT_EQ(rung.load(), 2);
  share->drop_holder();
}

TEST(trim_bell, in_a_child_it_does_not_call_the_parents_pool) {
  filch::detail::watch_for_forks();
  std::atomic<int> rung{0};
  trim_bell* const bell = trim_bell::create(&count, &rung);
  const pid_t child = ::fork();
  if (child == 0) {
    bell->ring();
    filch_tests::end_child(rung.load() == 0 ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the child heard it";
  bell->ring();
  EXPECT_EQ(rung.load(), 1);
  bell->silence();
  bell->drop_holder();
}

TEST(trim_bell, who_silences_it_waits_for_who_is_at_it) {
  struct pool {
    std::atomic<bool> inside{false};
    std::atomic<bool> may_leave{false};
    std::atomic<bool> gone{false};
  } context;
  trim_bell* const bell = trim_bell::create(
      [](void* given) noexcept {
        auto& of = *static_cast<pool*>(given);
        of.inside = true;
        while (!of.may_leave) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // time for a pool that does not wait to go
        EXPECT_FALSE(of.gone);
      },
      &context);
  std::jthread ringer([&] { bell->ring(); });
  while (!context.inside) std::this_thread::yield();
  std::jthread closer([&] {
    bell->silence();
    context.gone = true;
  });
  context.may_leave = true;
  closer.join();
  ringer.join();
  bell->drop_holder();
}

/// A slab of which many blocks are out, as its owner leaves it when it goes to sleep.
class sleeping_slab : public testing::Test {
 protected:
  static constexpr std::size_t blocks = 100'000;

  sleeping_slab() {
    for (std::size_t i = 0; i != blocks; ++i) out_.push_back(home_->allocate(64));
    home_->trim();
  }
  ~sleeping_slab() override {
    free_elsewhere(out_.size());
    if (!orphaned_) home_->orphan();
    bell_->silence();
    bell_->drop_holder();
  }

  /// Frees the last `many` on a thread of its own.
  void free_elsewhere(std::size_t many) {
    std::thread([&] {
      for (; many != 0; --many) {
        free_block(out_.back(), 64, 8);
        out_.pop_back();
      }
    }).join();
  }

  std::atomic<int> rung_{0};
  trim_bell* const bell_ = trim_bell::create(&count, &rung_);
  slab* const home_ = slab::create(bell_);
  std::vector<void*> out_;
  bool orphaned_ = false;
};

TEST_F(sleeping_slab, those_who_free_half_of_its_blocks_ring_whoever_they_are) {
  for (int i = 0; i != 99; ++i) free_elsewhere(blocks / 200);  // many threads, each of which frees a few
  EXPECT_EQ(rung_.load(), 0);
  EXPECT_FALSE(home_->wants_trim());
  free_elsewhere(blocks / 200);
  EXPECT_EQ(rung_.load(), 1);
  EXPECT_TRUE(home_->wants_trim());
  free_elsewhere(blocks / 4);
  EXPECT_EQ(rung_.load(), 1) << "it is known by now";
  home_->trim();
  EXPECT_FALSE(home_->wants_trim());
}

TEST_F(sleeping_slab, an_owner_that_trims_when_rung_for_holds_little_in_the_end) {
  while (!out_.empty()) {
    free_elsewhere(50);
    if (home_->wants_trim()) home_->trim();
    EXPECT_LE(home_->bytes_held(), 4 * 64 * out_.size() + 3 * slab::retained_bytes);
  }
  EXPECT_LE(home_->bytes_held(), 2 * slab::retained_bytes);
  EXPECT_LE(rung_.load(), 8) << "each ring halves what is out";
}

TEST_F(sleeping_slab, nobody_rings_when_little_is_out) {
  free_elsewhere(blocks - 1'000);
  home_->trim();
  const int before = rung_.load();
  free_elsewhere(1'000);
  EXPECT_EQ(rung_.load(), before);
}

TEST_F(sleeping_slab, an_orphan_outlives_its_pool_and_its_blocks_ring_in_vain) {
  const std::uint64_t slabs = slab::in_existence();
  home_->orphan();
  orphaned_ = true;
  bell_->silence();
  free_elsewhere(blocks - 1);
  EXPECT_EQ(slab::in_existence(), slabs);
  free_elsewhere(1);
  EXPECT_EQ(slab::in_existence(), slabs - 1);
  EXPECT_EQ(rung_.load(), 0);
}

}  // namespace
