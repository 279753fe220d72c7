// What every test of a pool runs in: it makes pools, and proves after the test that no task leaked and that every worker
// was parked before its pool went. And the two ways in which a test holds a pool still: an event, and held workers.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <iosfwd>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <filch/filch.hpp>

namespace filch_tests {

using namespace std::chrono_literals;

/// How long a test waits for an event before it calls that a hang. No test waits this long when it passes.
inline constexpr std::chrono::seconds watchdog = 60s;

/// How many times fewer rounds the long tests make under a sanitizer, which makes each round that much slower.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr unsigned sanitizer_slowdown = 20;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr unsigned sanitizer_slowdown = 20;
#else
inline constexpr unsigned sanitizer_slowdown = 1;
#endif
#else
inline constexpr unsigned sanitizer_slowdown = 1;
#endif

/// `rounds` in this build: fewer under a sanitizer.
[[nodiscard]] constexpr unsigned scaled(unsigned rounds) noexcept {
  return rounds / sanitizer_slowdown == 0 ? 1 : rounds / sanitizer_slowdown;
}

/// A small stack, in bytes. Sanitizers keep things of their own there; but the thread sanitizer follows no more than 65,536 calls at
/// the same time, for which 8 MiB are too large, and the C library gives a stack that is left over to who asks for a quarter
/// of it.
inline constexpr std::size_t small_stack = (sanitizer_slowdown == 1 ? 512 : 1536) * std::size_t{1024};

/// Whether FILCH_LONG_TESTS=1 asks for the long forms.
[[nodiscard]] bool long_form() noexcept;

/// Waits for a condition that another thread brings about; false after the watchdog's time.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

/// What a call throws, as text; empty when it returns.
template <class F>
std::string thrown_by(F&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

/// Something that happens once. Copies are the same event, so that a task may hold it longer than the test.
class event {
 public:
  void set() const;
  /// False after the watchdog's time.
  [[nodiscard]] bool wait() const;
  [[nodiscard]] bool is_set() const;

 private:
  struct shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool set = false;
  };
  std::shared_ptr<shared> shared_ = std::make_shared<shared>();
};

/// Keeps workers inside tasks until release(), or until it goes out of scope.
class held_workers {
 public:
  /// Returns when `count` workers are inside.
  held_workers(filch::scheduler& pool, unsigned count);
  ~held_workers() { release(); }
  held_workers(const held_workers&) = delete;
  held_workers& operator=(const held_workers&) = delete;
  void release() { released_.set(); }

 private:
  event released_;
};

/// The most threads that were inside at the same time.
class crowd {
 public:
  void enter() noexcept;
  void leave() noexcept { now_.fetch_sub(1); }
  [[nodiscard]] unsigned now() const noexcept { return now_.load(); }
  [[nodiscard]] unsigned most() const noexcept { return most_.load(); }

 private:
  std::atomic<unsigned> now_{0};
  std::atomic<unsigned> most_{0};
};

/// Whether nothing goes on in a pool: no task is queued or runs, and every worker is parked or dormant.
[[nodiscard]] bool is_at_rest(const filch::scheduler& pool);

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

  friend void PrintTo(const pool_shape& shape, std::ostream* out);
};

/// The numbers of workers that tests run with: 1, 2 and 8, or those in FILCH_TEST_WIDTHS, with commas between them.
[[nodiscard]] std::vector<unsigned> widths();

/// A test that runs with each of widths(), without spinning and with. Ends with `INSTANTIATE_POOL_SHAPES(name)`.
class shaped_pool_test : public pool_test, public testing::WithParamInterface<pool_shape> {
 protected:
  /// Options of this shape, to be refined.
  [[nodiscard]] static filch::scheduler_options shape();
  [[nodiscard]] static unsigned width() { return static_cast<unsigned>(GetParam().workers); }
  filch::scheduler& make_shaped_pool() { return make_pool(shape()); }
};

std::string shape_name(const testing::TestParamInfo<pool_shape>& info);

/// Each of widths(), without spinning and with.
[[nodiscard]] std::vector<pool_shape> shapes();

#define INSTANTIATE_POOL_SHAPES(Suite) \
  INSTANTIATE_TEST_SUITE_P(shapes, Suite, testing::ValuesIn(filch_tests::shapes()), filch_tests::shape_name)

}  // namespace filch_tests
