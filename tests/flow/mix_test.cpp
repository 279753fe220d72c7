// All that a pool can be asked for at once, in rounds of chance, until the pool ends in one way or another: each task has one
// outcome, each callable dies once, and the counts add up. FILCH_LONG_TESTS=1 does it for a minute.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <ranges>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::future;
using filch::job_options;

/// What the functions of this test throw.
struct planned {};

/// Who was submitted, and what became of them.
class ledger {
 public:
  explicit ledger(std::uint32_t most) : deaths_(most) {}

  [[nodiscard]] bool full() const { return next_.load() >= deaths_.size(); }

  /// Lies in a callable, and dies with it.
  class life {
   public:
    explicit life(ledger& in) : in_(&in), id_(in.next_.fetch_add(1)) {}
    life(life&& other) noexcept : in_(std::exchange(other.in_, nullptr)), id_(other.id_) {}
    ~life() {
      if (in_ != nullptr && id_ < in_->deaths_.size()) in_->deaths_[id_].fetch_add(1);
    }

   private:
    ledger* in_;
    std::uint32_t id_;
  };

  /// Counts the outcome of one that was submitted.
  template <class R>
  void settle(future<R>&& of) {
    count([&] { (void)of.get(); });
  }
  template <class Take>
  void count(Take&& take) {
    ++outcomes_;
    try {
      take();
    } catch (const filch::retries_exhausted& all) {
      EXPECT_FALSE(all.errors().empty());
    } catch (const filch::timed_out&) {
      ++late_;
    } catch (const filch::task_cancelled&) {
      ++cancelled_;
    } catch (const filch::closed&) {
      ++closed_;
    } catch (const planned&) {
      ++thrown_;
    }
  }
  void submitted() { ++submitted_; }

  void expect_all_over() {
    EXPECT_EQ(outcomes_.load(), submitted_.load());
    for (std::uint32_t id = 0; id != std::min<std::size_t>(next_.load(), deaths_.size()); ++id)
      ASSERT_EQ(deaths_[id].load(), 1) << id;
  }

 private:
  std::vector<std::atomic<unsigned char>> deaths_;
  std::atomic<std::uint32_t> next_{0};
  std::atomic<std::uint64_t> submitted_{0};
  std::atomic<std::uint64_t> outcomes_{0};
  std::atomic<std::uint64_t> late_{0};
  std::atomic<std::uint64_t> cancelled_{0};
  std::atomic<std::uint64_t> closed_{0};
  std::atomic<std::uint64_t> thrown_{0};
};

/// How many workers there may be, and how often the functions below ran, by worker and all together.
struct shared_counts {
  shared_counts(const filch::scheduler& pool, unsigned most) : most_workers(most), by_worker(pool) {}
  const unsigned most_workers;
  filch::worker_local<std::uint64_t> by_worker;
  std::atomic<std::uint64_t> all{0};
};

/// Throws sometimes, blocks sometimes, and lasts until it is stopped sometimes, but not for long.
struct load {
  ledger::life own;
  std::uint64_t kind;
  shared_counts* runs;

  int operator()(const std::stop_token& stop) const {
    ++runs->by_worker.local();
    runs->all.fetch_add(1);
    if (kind == 0) throw planned();
    if (kind == 1) filch::blocking([] { std::this_thread::yield(); });
    for (int i = 0; kind == 2 && i != 100 && !stop.stop_requested(); ++i) std::this_thread::yield();
    return static_cast<int>(kind);
  }
};

/// One thread's share of a round.
class customer {
 public:
  customer(filch::scheduler& pool, ledger& book, filch::rate_limiter& limiter, filch::admission_gate (&gates)[3],
           const std::stop_token& group, shared_counts& runs, std::uint64_t seed)
      : pool_(pool), book_(book), limiter_(limiter), gates_(gates), group_(group), runs_(runs), random_(seed) {}

  /// Until the book is full or the pool takes no more.
  void run() {
    try {
      while (!book_.full()) once();
    } catch (const filch::closed&) {
    }
    for (future<int>& each : waiting_) book_.settle(std::move(each));
  }

 private:
  [[nodiscard]] std::uint64_t any(std::uint64_t of) { return random_() % of; }

  void once() {
    switch (any(9)) {
      case 0: return keep([&] { return pool_.submit(task(), work()); });
      case 1: return keep([&] { return filch::submit_after(pool_, std::chrono::microseconds(any(300)), task(), work()); });
      case 2: return keep([&] { return filch::submit(pool_, job(), work()); });
      case 3: return through_a_gate();
      case 4: return by_a_stream();
      case 5: return by_a_task();
      case 6: return by_one_that_repeats();
      case 7: return pool_.resize(1 + static_cast<std::int64_t>(any(runs_.most_workers)));
      default: return in_bulk();
    }
  }

  [[nodiscard]] filch::task_options task() {
    filch::task_options options{.priority = static_cast<filch::priority>(any(3))};
    if (any(3) == 0) options.stop = group_;
    return options;
  }
  [[nodiscard]] job_options job() {
    job_options options{.task = task()};
    if (any(3) == 0) options.limiter = &limiter_;
    if (any(2) == 0)
      options.retry = {.attempts = 1 + static_cast<int>(any(3)), .wait = std::chrono::microseconds(any(200))};
    if (any(3) == 0) options.timeout = std::chrono::microseconds(1 + any(500));
    if (any(4) == 0) options.deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(any(500));
    return options;
  }
  [[nodiscard]] load work() { return {ledger::life(book_), any(12), &runs_}; }

  /// What was submitted is settled some time later; some of it is cancelled before.
  template <class Submit>
  void keep(Submit&& submit) {
    future<int> made = submit();
    book_.submitted();
    if (any(6) == 0) (void)made.cancel();
    waiting_.push_back(std::move(made));
    if (waiting_.size() < 32) return;
    const std::size_t which = any(waiting_.size());
    std::swap(waiting_[which], waiting_.back());
    book_.settle(std::move(waiting_.back()));
    waiting_.pop_back();
  }
  void keep_if(std::optional<future<int>> made) {
    if (made) keep([&] { return std::move(*made); });
  }

  void through_a_gate() {
    job_options options = any(2) == 0 ? job() : job_options{.task = task()};
    options.gate = &gates_[any(3)];
    try {
      switch (any(3)) {
        case 0: return keep_if(filch::try_submit(pool_, options, work()));
        case 1: return keep_if(filch::submit_for(pool_, options, std::chrono::microseconds(any(100)), work()));
        default: return keep([&] { return filch::submit(pool_, options, work()); });
      }
    } catch (const filch::rejected&) {
    }
  }

  void by_a_stream() {
    filch::map_options options{.order = static_cast<filch::result_order>(any(2)), .window = 1 + static_cast<int>(any(8))};
    options.task = task();
    const std::uint64_t most = any(30);
    std::uint64_t pulled = 0;
    for (auto& each : filch::map(pool_, std::views::iota(std::uint64_t{0}, any(60)), [](std::uint64_t i) {
           if (i % 11 == 10) throw planned();
           return i;
         }, options)) {
      book_.submitted();
      book_.count([&] { EXPECT_EQ(each.value(), each.index()); });
      if (++pulled == most) return;
    }
  }

  void by_a_task() {
    keep([&] {
      return pool_.submit([this, own = ledger::life(book_), inner = work()]() mutable {
        book_.submitted();
        future<int> child = pool_.submit(std::move(inner));
        book_.settle(std::move(child));
        return 0;
      });
    });
  }

  void by_one_that_repeats() {
    auto series = filch::submit_every(pool_, std::chrono::microseconds(1 + any(50)), [own = ledger::life(book_)] {});
    book_.submitted();
    if (any(2) == 0) (void)series.cancel();
    if (series.ready()) return book_.settle(std::move(series));
    (void)series.cancel();
    book_.settle(std::move(series));
  }

  void in_bulk() {
    for (future<int>& each : pool_.submit_bulk(task(), std::views::iota(0, static_cast<int>(any(40))), [](int i) {
           if (i == 39) throw planned();
           return i;
         })) {
      book_.submitted();
      book_.settle(std::move(each));
    }
  }

  filch::scheduler& pool_;
  ledger& book_;
  filch::rate_limiter& limiter_;
  filch::admission_gate (&gates_)[3];
  std::stop_token group_;
  shared_counts& runs_;
  std::mt19937_64 random_;
  std::vector<future<int>> waiting_;
};

void end(filch::scheduler& pool, std::uint64_t how) {
  switch (how) {
    case 0: (void)pool.shutdown(); break;
    case 1: (void)pool.shutdown_for(1ms); break;
    case 2: (void)pool.shutdown_now(); break;
    default: break;  // the customers have had all they wanted, and the destructor drains
  }
}

class mix_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(mix_test);

TEST_P(mix_test, everything_at_once_and_every_end) {
  std::mt19937_64 random(20'261'122);
  const auto until = std::chrono::steady_clock::now() + (long_form() ? 10s : 500ms);  // times the shapes
  do {
    filch::scheduler_options options = shape();
    options.max_workers = width() + 4;
    options.spares = 38;
    filch::scheduler& pool = make_pool(options);
    ledger book(1'000 + static_cast<std::uint32_t>(random() % 2'000));
    shared_counts runs(pool, width() + 4);
    std::optional<filch::autoscaler> sizes;
    if (random() % 2 == 0) sizes.emplace(pool, filch::autoscale_options{.delay = 1ms, .calm = 1ms});
    std::stop_source group;
    filch::rate_limiter limiter(1e5, 10);
    filch::admission_gate gates[3] = {filch::admission_gate({.capacity = 5}),
                                      filch::admission_gate({.capacity = 5, .when_full = filch::when_full::reject}),
                                      filch::admission_gate({.capacity = 5, .when_full = filch::when_full::caller_runs})};
    {
      std::vector<std::jthread> outside;
      for (int i = 0; i != 3; ++i)
        outside.emplace_back(
            [&, seed = random()] { customer(pool, book, limiter, gates, group.get_token(), runs, seed).run(); });
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));  // not waited for: a moment by chance
      if (random() % 3 == 0) group.request_stop();
      end(pool, random() % 4);
    }
    (void)pool.shutdown();
    book.expect_all_over();
    for (const filch::admission_gate& each : gates) EXPECT_EQ(each.taken(), 0);
    EXPECT_EQ(pool.metrics().unfinished(), 0U);
    EXPECT_EQ(runs.by_worker.combine(std::plus<>()), runs.all.load());
    destroy_pool(pool);
  } while (std::chrono::steady_clock::now() < until && !HasFailure());
}

}  // namespace
