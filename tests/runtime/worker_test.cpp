// A worker in its place, asked from inside: where the kernel lets it run, where its memory lies, and who takes its tasks.
//
// The same tests run on machines that are not here (tests/machines), which announce themselves in the environment:
//   FILCH_EXPECTED_MACHINE  "<hardware threads> <cores> <packages> <NUMA nodes> <nodes without processors>"
//   FILCH_EXPECTED_CPUS     the processors that a pool of default options fills, one worker each, in the list format of Linux
//   FILCH_EXPECTED_WORKERS  how many workers a pool of default options has
#include <gtest/gtest.h>
#include <sched.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <filch/filch.hpp>

#include "runtime/pool_core.hpp"
#include "runtime/pool_fixture.hpp"
#include "runtime/worker.hpp"

namespace {

using namespace std::chrono_literals;
using filch::cpu_set;
using filch::future;
using filch::pinning;
using filch::scheduler;
using filch::topology;
using filch::worker_info;

/// Where the kernel lets the calling thread run: as the kernel says it, not as the library does.
cpu_set cpus_by_the_kernel() {
  std::array<cpu_set_t, 8> masks{};
  if (sched_getaffinity(0, sizeof masks, masks.data()) != 0) return {};
  cpu_set cpus;
  for (unsigned cpu = 0; cpu != masks.size() * CPU_SETSIZE; ++cpu)
    if (CPU_ISSET_S(cpu, sizeof masks, masks.data())) cpus.add(cpu);
  return cpus;
}

/// The processor on which the calling thread runs at the moment.
unsigned cpu_of_this_moment() { return static_cast<unsigned>(sched_getcpu()); }

/// The NUMA node of the page that holds an address; nothing where the kernel does not tell.
std::optional<unsigned> node_of(const void* address) {
  void* page = const_cast<void*>(address);
  int node = -1;
  if (syscall(SYS_move_pages, 0, 1UL, &page, nullptr, &node, 0) != 0 || node < 0) return std::nullopt;
  return static_cast<unsigned>(node);
}

/// Whether the calling thread may have memory on the node of the processor that it runs on.
bool may_use_its_own_node() {
  unsigned cpu = 0;
  unsigned node = 0;
  std::array<unsigned long, 64> allowed{};
  if (syscall(SYS_getcpu, &cpu, &node, nullptr) != 0) return false;
  if (syscall(SYS_get_mempolicy, nullptr, allowed.data(), allowed.size() * 8 * sizeof(long), nullptr, MPOL_F_MEMS_ALLOWED) != 0)
    return false;
  return (allowed[node / (8 * sizeof(long))] >> node % (8 * sizeof(long)) & 1) != 0;
}

std::optional<std::string> announced(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// What each worker said of itself when it started. Of workers alone: they have all started when the pool is made, while a spare
/// may start at any time, even when the test is over.
class roll {
 public:
  auto writer() {
    return [kept = kept_](const worker_info& info) {
      const std::lock_guard lock(kept->mutex);
      if (!info.spare) kept->workers[info.index] = info;
    };
  }
  [[nodiscard]] const std::map<unsigned, worker_info>& workers() const { return kept_->workers; }

 private:
  struct shared {
    std::mutex mutex;
    std::map<unsigned, worker_info> workers;
  };
  std::shared_ptr<shared> kept_ = std::make_shared<shared>();
};

/// Calls a function on each worker of a pool, once, while all are inside.
template <class F>
void on_each_worker(scheduler& pool, unsigned workers, F function) {
  const auto all_inside = std::make_shared<std::latch>(workers);
  std::vector<future<void>> calls;
  for (unsigned i = 0; i != workers; ++i)
    calls.push_back(pool.submit([all_inside, function] {
      all_inside->arrive_and_wait();
      function(*filch::this_worker());
    }));
  for (future<void>& each : calls) each.get();
}

/// Children that note where they run.
struct generation {
  explicit generation(unsigned children) : ran_on(children), all_ran(children) {}
  std::vector<std::atomic<unsigned>> ran_on;
  std::latch all_ran;
};

unsigned workers_of(const scheduler& pool) { return static_cast<unsigned>(pool.worker_count()); }

filch::placement_plan planned(unsigned workers, pinning pin) {
  return filch::plan_placement(topology::detect().restricted_to(filch::current_thread_cpus()), {.workers = workers, .pin = pin});
}

bool threads_can_be_bound() {
  bool can = false;
  std::thread([&can] { can = filch::bind_current_thread({filch::current_thread_cpus().first()}).ok(); }).join();
  return can;
}

class worker_test : public filch_tests::pool_test, public testing::WithParamInterface<pinning> {};

TEST_P(worker_test, may_run_where_its_plan_says_and_nowhere_else) {
  if (!threads_can_be_bound()) GTEST_SKIP() << "threads cannot be bound here";
  roll said;
  scheduler& pool = make_pool({.pinning = GetParam(), .on_worker_start = said.writer()});
  const filch::placement_plan plan = planned(workers_of(pool), GetParam());
  on_each_worker(pool, workers_of(pool), [&](unsigned index) {
    const cpu_set inside = cpus_by_the_kernel();
    EXPECT_EQ(inside, plan.workers[index].cpus) << "worker " << index;
    EXPECT_TRUE(inside.contains(cpu_of_this_moment())) << "worker " << index;
    EXPECT_EQ(inside, said.workers().at(index).cpus) << "worker " << index;
    EXPECT_EQ(said.workers().at(index).numa_node, plan.workers[index].numa_node);
  });
}

TEST_P(worker_test, has_the_memory_of_its_tasks_on_its_node) {
  if (GetParam() == pinning::none) GTEST_SKIP() << "a worker that may run anywhere has no node";
  if (!threads_can_be_bound()) GTEST_SKIP() << "threads cannot be bound here";
  const int on_the_stack = 0;
  if (!node_of(&on_the_stack)) GTEST_SKIP() << "the kernel does not say where memory lies";
  roll said;
  scheduler& pool = make_pool({.pinning = GetParam(), .on_worker_start = said.writer()});
  on_each_worker(pool, workers_of(pool), [&](unsigned parent) {
    if (!may_use_its_own_node()) return;  // then the kernel chooses among the others
    // The captures lie within the task, in memory that the parent took, whoever runs it.
    pool.submit([&said, parent, inside_the_task = 0] {
          EXPECT_EQ(node_of(&inside_the_task), said.workers().at(parent).numa_node) << "a task of worker " << parent;
        }).get();
  });
}

// Nobody else is awake: a push wakes in its own group as long as that has somebody to wake, and who wakes robs its neighbours
// first. Each push wakes one at most, and so does each worker that has found something.
TEST_P(worker_test, gives_its_tasks_to_workers_of_its_node_while_these_have_nothing_to_do) {
  roll said;
  scheduler& pool = make_pool({.pinning = GetParam(), .spin = 0us, .on_worker_start = said.writer()});
  std::map<unsigned, unsigned> workers_of_node;
  for (const auto& [index, info] : said.workers()) ++workers_of_node[info.numa_node];
  const unsigned smallest_node = std::min_element(workers_of_node.begin(), workers_of_node.end(), [](auto& a, auto& b) {
                            return a.second < b.second;
                          })->second;
  const unsigned children = (smallest_node - 1) / 2;
  for (int round = 0; round != 20; ++round) {
    ASSERT_TRUE(filch_tests::eventually([&] { return filch_tests::is_at_rest(pool); }));
    const auto family = std::make_shared<generation>(children);
    const unsigned parent = pool.submit([&pool, family] {
                                  for (std::atomic<unsigned>& child : family->ran_on)
                                    pool.post([family, &child] {
                                      child = *filch::this_worker();
                                      family->all_ran.count_down();
                                    });
                                  family->all_ran.wait();  // not by get(), which would run them here
                                  return *filch::this_worker();
                                }).get();
    for (const unsigned child : family->ran_on)
      EXPECT_EQ(said.workers().at(child).numa_node, said.workers().at(parent).numa_node) << "worker " << child << " ran a task of " << parent;
  }
}

INSTANTIATE_TEST_SUITE_P(pinnings, worker_test,
                         testing::Values(pinning::automatic, pinning::none, pinning::numa_node, pinning::cache_group, pinning::core),
                         [](const auto& each) { return std::string(to_string(each.param)); });

class announced_machine_test : public filch_tests::pool_test {};

TEST_F(announced_machine_test, is_what_was_announced) {
  const auto expected = announced("FILCH_EXPECTED_MACHINE");
  if (!expected) GTEST_SKIP() << "nothing was announced";
  const topology& machine = topology::detect();
  const auto& nodes = machine.numa_nodes();
  const auto bare = std::count_if(nodes.begin(), nodes.end(), [](const filch::numa_node& each) { return each.local_cpus.empty(); });
  std::ostringstream found;
  found << machine.allowed().count() << ' ' << machine.core_count() << ' ' << machine.package_count() << ' ' << nodes.size() << ' '
        << bare;
  EXPECT_EQ(found.str(), *expected);
}

TEST_F(announced_machine_test, is_filled_by_a_pool_of_default_options) {
  const auto expected = announced("FILCH_EXPECTED_CPUS");
  if (!expected) GTEST_SKIP() << "nothing was announced";
  roll said;
  scheduler& pool = make_pool({.on_worker_start = said.writer()});
  cpu_set filled;
  for (const auto& [index, info] : said.workers()) {
    EXPECT_EQ(info.cpus.count(), 1U) << "worker " << index;
    filled |= info.cpus;
  }
  EXPECT_EQ(filled.to_string(), *expected);
  EXPECT_EQ(said.workers().size(), filled.count()) << pool.describe();
}

TEST_F(announced_machine_test, gives_a_pool_of_default_options_the_announced_workers) {
  const auto expected = announced("FILCH_EXPECTED_WORKERS");
  if (!expected) GTEST_SKIP() << "nothing was announced";
  scheduler& pool = make_pool();
  EXPECT_EQ(std::to_string(workers_of(pool)), *expected) << pool.describe();
}

class worker_death_test : public filch_tests::pool_test {};

TEST_F(worker_death_test, a_checked_build_ends_when_another_thread_takes_a_step_of_a_worker) {
  if (!filch::detail::checked_build) GTEST_SKIP() << "this is no checked build";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  scheduler& pool = make_pool({.workers = 1});
  filch::detail::worker& other = *filch::detail::scheduler_access::core(pool).worker_at(0);
  EXPECT_DEATH((void)other.allocate(64, 8), "a step of a worker that it is not");
  EXPECT_DEATH(other.enqueue(nullptr, 0), "a step of a worker that it is not");
}

}  // namespace
