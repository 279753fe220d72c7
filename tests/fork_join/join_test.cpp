// join(): results, exceptions, who runs what, and that no branch is left behind.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include <filch/filch.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using namespace filch_tests;
using filch::join;

class join_test : public shaped_pool_test {
 protected:
  /// In a task of a pool of this shape.
  template <class F>
  auto in_task(F&& function) {
    return make_shaped_pool().submit(std::forward<F>(function)).get();
  }
};
INSTANTIATE_POOL_SHAPES(join_test);

long fib(long n) {
  if (n < 2) return n;
  const auto [a, b] = join([=] { return fib(n - 1); }, [=] { return fib(n - 2); });
  return a + b;
}

/// Holds the calling worker until `happened`, with a spare in its place.
void wait_for(const event& happened) {
  filch::blocking([&] { EXPECT_TRUE(happened.wait()); });
}

TEST_P(join_test, returns_what_the_functions_return_in_their_order) {
  const auto results = in_task([] { return join([] { return 1; }, [] { return std::string("two"); }, [] { return 3.0; }); });
  EXPECT_EQ(results, std::make_tuple(1, std::string("two"), 3.0));
}

TEST_P(join_test, a_function_that_returns_nothing_leaves_a_monostate_and_all_such_functions_nothing) {
  int calls = 0;
  in_task([&] {
    const auto some = join([&] { ++calls; }, [] { return 2; });
    static_assert(std::is_same_v<decltype(some), const std::tuple<std::monostate, int>>);
    EXPECT_EQ(std::get<1>(some), 2);
  });
  static_assert(std::is_void_v<decltype(join([] {}, [] {}))>);
  EXPECT_EQ(calls, 1);
}

TEST_P(join_test, keeps_references_and_what_can_only_be_moved) {
  in_task([] {
    int target = 0;
    auto moved = std::make_unique<int>(7);
    auto [reference, pointer] = join([&]() -> int& { return target; }, [&] { return std::move(moved); });
    reference = 5;
    EXPECT_EQ(target, 5);
    EXPECT_EQ(*pointer, 7);
  });
}

TEST_P(join_test, calls_each_function_as_it_was_given) {
  struct one_shot {
    int operator()() && { return 1; }
  };
  struct shared {
    int operator()() & { return 2; }
  } kept;
  const shared& unused = kept;
  (void)unused;
  EXPECT_EQ(in_task([&] { return join(one_shot{}, kept); }), std::make_tuple(1, 2));
}

TEST_P(join_test, nests_to_any_depth) { EXPECT_EQ(in_task([] { return fib(21); }), 10946); }

TEST_P(join_test, the_last_function_is_called_by_the_caller) {
  in_task([] {
    const auto caller = std::this_thread::get_id();
    const auto [first, last] = join([] { return 0; }, [] { return std::this_thread::get_id(); });
    EXPECT_EQ(last, caller);
  });
}

TEST_P(join_test, an_idle_worker_steals_a_branch_while_the_caller_is_in_another) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to steal";
  in_task([] {
    const event stolen;
    const auto [thief, caller] = join(
        [&] {
          stolen.set();
          return std::this_thread::get_id();
        },
        [&] {
          EXPECT_TRUE(stolen.wait());
          return std::this_thread::get_id();
        });
    EXPECT_NE(thief, caller);
  });
}

TEST_P(join_test, who_waits_for_a_stolen_branch_runs_what_its_thief_forks_or_has_it_run) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to steal";
  in_task([] {
    const event stolen;
    const event inner;
    join(
        [&] {
          stolen.set();
          // The caller of the outer join waits for this, and so does a spare in its place, or another worker.
          join([&] { inner.set(); }, [&] { EXPECT_TRUE(inner.wait()); });
        },
        [&] { EXPECT_TRUE(stolen.wait()); });
  });
}

TEST_P(join_test, works_from_outside_with_a_pool) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(join(pool, [] { return fib(10); }, [] { return fib(11); }), std::make_tuple(55L, 89L));
  EXPECT_EQ(join(pool.executor(), [] { return 1; }, [] { return 2; }), std::make_tuple(1, 2));
}

TEST_P(join_test, works_in_another_pool_and_in_the_own_one) {
  filch::scheduler& pool = make_shaped_pool();
  filch::scheduler& other = make_shaped_pool();
  const auto own_index = [] { return filch::this_worker().has_value(); };
  pool.submit([&] {
        EXPECT_EQ(join(other, own_index, own_index), std::make_tuple(true, true));
        EXPECT_EQ(join(pool, own_index, own_index), std::make_tuple(true, true));
      }).get();
}

TEST_P(join_test, says_what_to_do_where_there_is_no_pool) {
  EXPECT_NE(thrown_by([] { join([] {}, [] {}); }).find("join(pool, ...)"), std::string::npos);
  EXPECT_THROW(join([] {}, [] {}), filch::no_pool);
}

TEST_P(join_test, a_task_that_a_helper_runs_calls_its_branches_in_turn) {
  filch::scheduler& pool = make_shaped_pool();
  const held_workers held(pool, width());
  auto task = pool.submit([] { return fib(12); });
  EXPECT_EQ(task.get(filch::help), 144);
  auto failing = pool.submit([] {
    int ended = 0;
    const auto count = [&] { ++ended; };
    EXPECT_EQ(thrown_by([&] { join(count, []() -> void { throw std::runtime_error("second"); }, count); }), "second");
    return ended;
  });
  EXPECT_EQ(failing.get(filch::help), 2);
}

TEST_P(join_test, throws_what_a_branch_threw_after_all_have_ended) {
  for (int failing = 0; failing != 3; ++failing) {
    std::atomic<int> ended{0};
    const auto branch = [&](int number) {
      return [&, number] {
        if (number == failing) throw std::runtime_error("branch " + std::to_string(number));
        ended.fetch_add(1);
      };
    };
    in_task([&] {
      EXPECT_EQ(thrown_by([&] { join(branch(0), branch(1), branch(2)); }), "branch " + std::to_string(failing));
      EXPECT_EQ(ended.load(), 2);
    });
  }
}

TEST_P(join_test, of_several_exceptions_the_one_of_the_first_function_comes_out) {
  const auto fail = [](const char* what) { return [=]() -> int { throw std::runtime_error(what); }; };
  in_task([&] {
    EXPECT_EQ(thrown_by([&] { join(fail("a"), fail("b"), fail("c")); }), "a");
    EXPECT_EQ(thrown_by([&] { join([] { return 0; }, fail("b"), fail("c")); }), "b");
    EXPECT_EQ(thrown_by([&] { join([] { return 0; }, [] { return 0; }, fail("c")); }), "c");
  });
}

TEST_P(join_test, throws_what_a_stolen_branch_threw) {
  if (width() == 1) GTEST_SKIP() << "nobody is there to steal";
  in_task([&] {
    const event stolen;
    const auto fail_stolen = [&] {
      stolen.set();
      throw std::runtime_error("stolen");
    };
    EXPECT_EQ(thrown_by([&] { join(fail_stolen, [&] { EXPECT_TRUE(stolen.wait()); }); }), "stolen");
    const event again;
    EXPECT_EQ(thrown_by([&] {
                join(
                    [&] {
                      again.set();
                      throw std::runtime_error("stolen");
                    },
                    [&] {
                      EXPECT_TRUE(again.wait());
                      throw std::runtime_error("own");
                    });
              }),
              "stolen");
  });
}

TEST_P(join_test, exceptions_come_through_nested_joins) {
  const std::string thrown = in_task([] {
    return thrown_by([] {
      join([] { return fib(8); },
           [] {
             return std::get<0>(join([]() -> long { throw std::runtime_error("deep"); }, [] { return fib(9); }));
           });
    });
  });
  EXPECT_EQ(thrown, "deep");
}

TEST_P(join_test, what_a_branch_submits_is_not_run_by_the_join) {
  std::mutex lock;
  std::atomic<int> runs{0};
  filch::scheduler& pool = make_shaped_pool();
  pool.submit([&] {
        const std::scoped_lock held(lock);  // a stranger that the join ran would wait for it for ever
        const auto submit_strangers = [&] {
          for (int i = 0; i != 50; ++i)
            pool.post([&] {
              filch::blocking([&] { const std::scoped_lock one_at_a_time(lock); });
              runs.fetch_add(1);
            });
        };
        join([] {}, submit_strangers, submit_strangers);
        EXPECT_EQ(runs.load(), 0);
      }).get();
  pool.wait_idle();
  EXPECT_EQ(runs.load(), 100);
}

TEST_P(join_test, a_branch_may_wait_for_what_it_submits) {
  filch::scheduler& pool = make_shaped_pool();
  const auto sum = pool.submit([&] {
                         const auto two = [&] { return pool.submit([] { return fib(7); }).get() + fib(6); };
                         const auto [a, b] = join(two, two);
                         return a + b;
                       }).get();
  EXPECT_EQ(sum, 2 * (13 + 8));
}

TEST_P(join_test, a_branch_that_waits_for_its_own_task_is_told_so) {
  filch::scheduler& pool = make_shaped_pool();
  const event ready;
  const auto own = std::make_shared<filch::future<void>>();
  const event stolen;
  int told = 0;
  *own = pool.submit([&, own] {
    wait_for(ready);
    const auto wait_for_itself = [&] {
      stolen.set();
      try {
        own->get();
      } catch (const filch::would_deadlock&) {
        return 1;
      }
      return 0;
    };
    const auto [first, last] = join(wait_for_itself, [&] {
      EXPECT_TRUE(width() == 1 || stolen.wait());
      return 0;
    });
    told = first + last;
  });
  ready.set();
  pool.wait_idle();
  EXPECT_EQ(told, 1);
}

TEST_P(join_test, works_while_the_pool_is_cancelled) {
  filch::scheduler& pool = make_shaped_pool();
  const event inside;
  const event cancelled;
  auto running = pool.submit([&] {
    inside.set();
    wait_for(cancelled);
    return fib(15);
  });
  EXPECT_TRUE(inside.wait());
  auto never = pool.submit([] { return 0; });
  std::thread canceller([&] { (void)pool.shutdown_now(); });
  canceller.join();
  cancelled.set();
  EXPECT_EQ(running.get(), 610);
}

TEST_P(join_test, is_refused_by_a_pool_that_was_shut_down) {
  filch::scheduler& pool = make_shaped_pool();
  (void)pool.shutdown();
  int calls = 0;
  EXPECT_THROW(join(pool, [&] { ++calls; }, [&] { ++calls; }), filch::closed);
  EXPECT_EQ(calls, 0);
}

// Trees of random shape, in which branches compute, submit, await and throw, against the same tree in one thread.
class random_tree {
 public:
  random_tree(filch::scheduler* pool, std::uint64_t seed) : pool_(pool), seed_(seed) {}
  std::uint64_t value() const { return value_of(seed_, 9); }

 private:
  std::uint64_t value_of(std::uint64_t seed, int depth) const {
    std::mt19937_64 random(seed);
    const std::uint64_t own = random();
    if (depth == 0) return own;
    const auto child = [&](std::uint64_t each) { return [this, each, depth] { return value_of(each, depth - 1); }; };
    switch (random() % 5) {
      case 0: return own;
      case 1: return combined(own, child(random()), child(random()));
      case 2: return combined(own, child(random()), child(random()), child(random()));
      case 3: {
        const auto below = child(random());
        return own ^ (pool_ == nullptr ? below() : pool_->submit(below).get());
      }
      default: return own + caught(child(random()), child(random()));
    }
  }

  template <class... Children>
  std::uint64_t combined(std::uint64_t own, Children... children) const {
    if (pool_ == nullptr) return ((own = own * 31 + children()), ...), own;
    std::apply([&](auto... values) { ((own = own * 31 + values), ...); }, join(children...));
    return own;
  }

  template <class First, class Second>
  std::uint64_t caught(First first, Second second) const {
    const auto fail = [&] { throw second(); };
    try {
      if (pool_ == nullptr) {
        (void)first();
        fail();
      } else {
        join(fail, first);
      }
    } catch (std::uint64_t thrown) {
      return thrown;
    }
    return 0;
  }

  filch::scheduler* pool_;
  std::uint64_t seed_;
};

TEST_P(join_test, random_trees_have_the_values_that_they_have_in_one_thread) {
  filch::scheduler& pool = make_shaped_pool();
  for (std::uint64_t seed = 0; seed != scaled(200); ++seed)
    ASSERT_EQ(pool.submit([&] { return random_tree(&pool, seed).value(); }).get(), random_tree(nullptr, seed).value()) << seed;
}

}  // namespace
