#include "faults/fork_join.hpp"

#include <atomic>
#include <stop_token>
#include <vector>

#include <filch/filch.hpp>

namespace filch_faults {

namespace {

/// A group's tasks, counted when they are taken and when they run.
struct tally {
  account& of;
  filch::task_group group;
  std::atomic<unsigned> taken{0};
  std::atomic<unsigned> ran{0};

  template <class F>
  void run(const F& task) {
    if (of.attempt([&] { group.run(task); })) ++taken;
  }
  void expect_all() {
    if (group.wait() != filch::group_outcome::complete) of.note("a group was cancelled by nobody");
    if (ran != taken) of.note("a group has waited for another number of tasks than it took");
  }
};

}  // namespace

// Some are made in the middle of their submission, some before, and some add another.
void use_groups(account& of, filch::scheduler& pool) {
  of.attempt([&] {
    tally all{of, filch::task_group(pool)};
    for (int round = 0; round != 2; ++round) {
      for (int i = 0; i != 20; ++i) all.run([&all] { ++all.ran; });
      for (int i = 0; i != 3; ++i) {
        all.run([&all](const std::stop_token&) { ++all.ran; });
        all.run([&all] {
          ++all.ran;
          all.run([&all] { ++all.ran; });
        });
        of.attempt([&] {
          const std::vector<int> load(10, 1);
          all.run([&all, load] { all.ran += static_cast<unsigned>(load[9]); });
        });
      }
      all.expect_all();
    }
  });
}

void use_joins(account& of, filch::scheduler& pool) {
  std::atomic<int> calls{0};
  const bool joined = of.attempt([&] { filch::join(pool, [&] { ++calls; }, [&] { ++calls; }, [&] { ++calls; }); });
  if (calls != (joined ? 3 : 0)) of.note("a join has called some of its functions");
}

}  // namespace filch_faults
