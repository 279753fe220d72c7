// Tasks of groups, run by who waits for them or by thieves: each runs once, all have ended when the wait has, what they have written
// is seen, and nobody touches the group afterwards.
#include "model_join.hpp"

#include <cstdint>
#include <memory>

namespace filch::model {
namespace {

using siblings = detail::group_child::siblings;

/// A group and what its tasks leave behind.
struct group {
  siblings count;
  plain<int> results[4];
  plain<int> alive{1};
  ~group() { alive = 0; }
};

template <class Body>
struct child final : detail::group_child {
  group& in;
  Body body;
  child(group& of, Body call) : group_child(of.count), in(of), body(call) {}
  void call() override {
    RL_ASSERT(in.alive == 1);
    body(in);
    delete this;
  }
};

template <class Derived, unsigned Threads>
struct group_scenario : fork_scenario<Derived, Threads> {
  /// As task_group::run().
  template <class Body>
  void run(group& of, Body body) {
    worker& own = this->here();
    if (!own.ended().replace(of.count)) of.count.add();
    own.push(new child<Body>(of, body));
  }

  /// As a worker that has no work of its own afterwards.
  void rob(unsigned looks) {
    for (; looks != 0; --looks) {
      fork_scenario<Derived, Threads>::rob(1);
      this->here().run_own();
    }
    this->here().ended().tell();
  }

  /// A group on the worker's stack: `use(group)` adds tasks, which are awaited.
  template <class Use>
  void with_group(Use use) {
    const auto made = std::make_unique<group>();
    const std::uint64_t first = this->here().next_index();
    use(*made, first);
  }
  void await(group& of, std::uint64_t first) { this->here().await(of.count, first); }

  static auto writes(unsigned place) {
    return [place](group& of) { of.results[place] = static_cast<int>(place) + 1; };
  }
  static void expect_results(group& of, unsigned count) {
    for (unsigned i = 0; i != count; ++i) {
      RL_ASSERT(of.results[i] == static_cast<int>(i) + 1);
      of.results[i] = 0;
    }
  }
};

/// As many tasks, and thieves.
template <unsigned Tasks, unsigned Threads>
struct tasks_and_thieves : group_scenario<tasks_and_thieves<Tasks, Threads>, Threads> {
  void act(unsigned index) {
    if (index != 0) return this->rob(2);
    this->with_group([&](group& whole, std::uint64_t first) {
      for (unsigned i = 0; i != Tasks; ++i) this->run(whole, this->writes(i));
      this->await(whole, first);
      this->expect_results(whole, Tasks);
    });
  }
};

using one_task = tasks_and_thieves<1, 2>;
using three_tasks = tasks_and_thieves<3, 2>;
using two_thieves = tasks_and_thieves<2, 3>;

/// Tasks that add one each, wherever they run.
struct that_add_tasks : group_scenario<that_add_tasks, 2> {
  void act(unsigned index) {
    if (index != 0) return rob(3);
    with_group([&](group& whole, std::uint64_t first) {
      for (const unsigned i : {0U, 2U})
        run(whole, [this, i](group& of) {
          writes(i)(of);
          run(of, writes(i + 1));
        });
      await(whole, first);
      expect_results(whole, 4);
    });
  }
};

/// One after the other, in the same group.
struct used_again : group_scenario<used_again, 2> {
  void act(unsigned index) {
    if (index != 0) return rob(3);
    with_group([&](group& whole, std::uint64_t first) {
      for (int round = 0; round != 3; ++round) {
        run(whole, writes(0));
        await(whole, first);
        expect_results(whole, 1);
      }
    });
  }
};

/// The same, by one who runs none of them.
struct used_again_from_outside : group_scenario<used_again_from_outside, 2> {
  static constexpr int rounds = 3;
  model::atomic<int> run_so_far{0};

  void act(unsigned index) {
    if (index != 0) {
      while (run_so_far.load(std::memory_order_relaxed) != rounds) {
        rob(1);
        relacy_atomics::pause();
      }
      return;
    }
    with_group([&](group& whole, std::uint64_t) {
      for (int round = 0; round != rounds; ++round) {
        run(whole, [this](group& of) {
          writes(0)(of);
          run_so_far.store(run_so_far.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        });
        wait(whole.count);
        expect_results(whole, 1);
      }
    });
  }

  /// As task_group::sleep_until_zero(), or by looking.
  void wait(siblings& count) {
    if (rl::rand(2) == 0) {
      while (!count.is_zero()) relacy_atomics::pause();
      return;
    }
    while (count.begin_to_wait()) {
      detail::parked_waiter node(parkers[0]);
      if (count.state().install(node) == detail::install_outcome::installed) parkers[0].wait();
      count.end_wait();
    }
  }
};

/// A task that waits for tasks of its own.
struct nested_groups : group_scenario<nested_groups, 2> {
  void act(unsigned index) {
    if (index != 0) return rob(3);
    with_group([&](group& outer, std::uint64_t first) {
      for (const unsigned i : {0U, 1U})
        run(outer, [this, i](group& of) {
          with_group([&](group& inner, std::uint64_t from) {
            run(inner, writes(0));
            await(inner, from);
            expect_results(inner, 1);
          });
          writes(i)(of);
        });
      await(outer, first);
      expect_results(outer, 2);
    });
  }
};

/// Tasks of nobody between those of the group, one of which waits for the end of the group.
struct among_strangers : group_scenario<among_strangers, 2> {
  struct waiting_task final : task_node {
    model::atomic<int> group_is_over{0};
    void call() override {
      while (group_is_over.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
    }
  };
  waiting_task waiting;

  void act(unsigned index) {
    if (index != 0) return rob(2);
    with_group([&](group& whole, std::uint64_t first) {
      run(whole, writes(0));
      here().push(&waiting);
      if (rl::rand(2) == 0) run(whole, writes(1)); else writes(1)(whole);
      await(whole, first);
      expect_results(whole, 2);
    });
    waiting.group_is_over.store(1, std::memory_order_release);
  }
  void after() override {
    for (auto& queue : pool.given_to_all)
      for (unsigned i = 0; i != queue.count; ++i) queue.tasks[i]->runs = queue.tasks[i]->runs + 1;
    const auto left = workers[0]->thief().steal();
    if (left.outcome == detail::steal_outcome::success) left.item->runs = left.item->runs + 1;
    RL_ASSERT(waiting.runs == 1);
    group_scenario::after();
  }
};

/// A task of another group that waits for the end of the first, which only the thief can bring about.
struct another_group : group_scenario<another_group, 2> {
  model::atomic<int> first_is_over{0};
  model::atomic<int> first_was_run{0};

  void act(unsigned index) {
    if (index != 0) {
      while (first_was_run.load(std::memory_order_relaxed) == 0) {
        fork_scenario::rob(1);
        relacy_atomics::pause();
      }
      return rob(1);
    }
    with_group([&](group& second, std::uint64_t from) {
      with_group([&](group& first, std::uint64_t) {
        run(first, [this](group& of) {
          writes(0)(of);
          first_was_run.store(1, std::memory_order_relaxed);
        });
        run(second, [this](group& of) {
          while (first_is_over.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
          writes(0)(of);
        });
        // On top of the first group's task lies one of the second, which stays.
        await(first, here().next_index());
        expect_results(first, 1);
      });
      first_is_over.store(1, std::memory_order_release);
      await(second, from);
      expect_results(second, 1);
    });
  }
};

/// Tasks that join, and a join around a group.
struct with_joins : group_scenario<with_joins, 2> {
  void act(unsigned index) {
    if (index != 0) return rob(2);
    const auto grouped = [this] {
      with_group([&](group& whole, std::uint64_t first) {
        run(whole, [this](group& of) {
          RL_ASSERT(join([] { return 1; }, [] { return 2; }) == 3);
          writes(0)(of);
        });
        await(whole, first);
        expect_results(whole, 1);
      });
      return 1;
    };
    RL_ASSERT(join([] { return 2; }, grouped) == 3);
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<one_task>("one task", 50'000),
      executed<three_tasks>("three tasks", 100'000),
      executed<two_thieves>("two thieves", 100'000),
      executed<that_add_tasks>("tasks that add tasks", 100'000),
      executed<used_again>("used again", 50'000),
      executed<used_again_from_outside>("used again from outside", 100'000),
      executed<nested_groups>("nested", 100'000),
      executed<among_strangers>("among strangers", 50'000),
      executed<another_group>("another group", 50'000),
      executed<with_joins>("with joins", 50'000),
  });
}
