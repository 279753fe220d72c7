// For each kind of call: the first fails, then in a new process the second, and so on until none is left to fail.
// And a failure that one life does not come to. Under the thread sanitizer, where a life is some ten times as long and what is
// looked for are races, one in ten after the first twenty.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <filch/filch.hpp>

#include "base/end_child.hpp"
#include "base/stampede.hpp"
#include "faults/faults.hpp"
#include "faults/scenario.hpp"
#include "memory/slab.hpp"
#include "runtime/submission_slots.hpp"

namespace {

using filch_faults::kind;

enum exit_code : int { all_well = 0, nothing_failed = 10, something_wrong = 11, something_left = 12 };

// The seconds after which one life is taken for a hang.
constexpr unsigned watchdog = 60;

constexpr std::uint64_t step = filch_tests::under_thread_sanitizer ? 10 : 1;

// A process of its own: what one failure leaves behind must not help or hinder the next. Kinds that are met once in a process
// are met in the first life; else that one fills what is kept for good, and the second is measured.
[[noreturn]] void live_with_a_fault(kind what, std::uint64_t nth) {
  ::alarm(watchdog);
  const bool only_once = what == kind::topology_init || what == kind::topology_load;
  if (!only_once && !filch_faults::live_once().empty()) filch_tests::end_child(something_wrong);
  const std::int64_t before = filch_faults::blocks_out();
  filch_faults::arm(what, nth);
  std::string wrong = filch_faults::live_once();
  const bool failed = filch_faults::disarm();
  if (wrong.empty() && only_once) wrong = filch_faults::live_once();  // the next attempt succeeds
  if (!wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    filch_tests::end_child(something_wrong);
  }
  wrong = std::string();
  const std::int64_t left = filch_faults::blocks_out() - before;
  if (filch::detail::slab::in_existence() != 0 || (!only_once && left != 0)) {
    std::fprintf(stderr, "%lld blocks are left\n", static_cast<long long>(left));
    filch_tests::end_child(something_left);
  }
  filch_tests::end_child(failed ? all_well : nothing_failed);
}

int status_of_life(kind what, std::uint64_t nth) {
  const pid_t child = ::fork();
  if (child == 0) live_with_a_fault(what, nth);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

struct named_kind {
  filch_faults::kind what;
  const char* name;
};

class faults : public testing::TestWithParam<named_kind> {};

TEST_P(faults, the_nth_call_fails_and_nothing_is_lost_left_or_stuck) {
  std::uint64_t nth = 1;
  // Two lives need not make as many calls: the end is where several in a row had none to fail.
  std::uint64_t failed = 0;
  for (int spared = 0; spared != 4; nth += nth < 20 ? 1 : step) {
    const int status = status_of_life(GetParam().what, nth);
    ASSERT_TRUE(WIFEXITED(status)) << "failing call " << nth << ": ended by signal " << WTERMSIG(status)
                                   << (WTERMSIG(status) == SIGALRM ? ", a hang" : "");
    spared = WEXITSTATUS(status) == nothing_failed ? spared + 1 : 0;
    if (spared != 0) continue;
    ASSERT_EQ(WEXITSTATUS(status), all_well) << "failing call " << nth;
    ++failed;
  }
  EXPECT_GT(failed, 0U) << "nothing ever failed, so nothing was tested";
  RecordProperty("calls", std::to_string(failed));
}

INSTANTIATE_TEST_SUITE_P(kinds, faults,
                         testing::Values(named_kind{kind::allocation, "allocation"},
                                         named_kind{kind::injection, "injection"},
                                         named_kind{kind::thread, "thread"},
                                         named_kind{kind::binding, "binding"},
                                         named_kind{kind::reading_binding, "reading_binding"},
#if !defined(FILCH_PORTABLE_PARKING)
                                         named_kind{kind::futex_interrupted, "futex_interrupted"},
                                         named_kind{kind::futex_again, "futex_again"},
#endif
                                         named_kind{kind::topology_init, "topology_init"},
                                         named_kind{kind::topology_load, "topology_load"}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST(faults_of_submission_slots, who_finds_all_held_and_no_memory_for_more_goes_round_and_asks_again) {
  ::alarm(watchdog);
  filch::detail::submission_slots slots;
  const std::array<filch::detail::slot_lease, 8> first_block{slots.lease(), slots.lease(), slots.lease(), slots.lease(),
                                                             slots.lease(), slots.lease(), slots.lease(), slots.lease()};
  for (const auto& each : first_block) each->ledger.count_spawned(1);
  filch_faults::arm(kind::allocation, 1);
  const auto ninth = slots.lease();
  EXPECT_TRUE(filch_faults::disarm()) << "there was memory for a block, or nobody asked";
  ninth->ledger.count_spawned(1);
  std::size_t there = 0;
  std::uint64_t leased = 0;
  slots.for_each([&](const filch::detail::submission_slot& each) {
    EXPECT_LE(each.ledger.spawned(), 1U) << "two hold the same";
    ++there;
    leased += each.ledger.spawned();
  });
  EXPECT_EQ(there, 16U);
  EXPECT_EQ(leased, 9U);
  ::alarm(0);
}

}  // namespace
