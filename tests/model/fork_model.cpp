// Branches of joins: forked, taken back or stolen, and awaited by who robs the thief meanwhile. Each runs once, its result is seen,
// nobody touches it when its join is over, and nobody runs what he does not wait for.
#include "model_join.hpp"

namespace filch::model {
namespace {

/// One join, one thief.
struct one_join : fork_scenario<one_join, 2> {
  void act(unsigned index) {
    if (index == 1) return rob(1);
    RL_ASSERT(join([] { return 1; }, [] { return 2; }) == 3);
  }
};

/// One after the other, so that a thief may know a job of before.
struct one_after_the_other : fork_scenario<one_after_the_other, 2> {
  void act(unsigned index) {
    if (index == 1) return rob(2);
    for (int round = 0; round != 3; ++round) RL_ASSERT(join([] { return 1; }, [] { return 2; }) == 3);
  }
};

/// A join in the branch that is stolen: who waits for it robs the thief.
template <unsigned Threads>
struct nested_joins : fork_scenario<nested_joins<Threads>, Threads> {
  void act(unsigned index) {
    if (index != 0) return this->rob(2);
    const auto two = [this] { return this->join([] { return 1; }, [] { return 2; }); };
    RL_ASSERT(this->join([=, this] { return this->join(two, [] { return 4; }); }, two) == 10);
  }
};

using nested = nested_joins<2>;
using nested_twice_robbed = nested_joins<3>;

/// Two who wait, and one thief of both: neither runs what belongs to the other.
struct two_joins : fork_scenario<two_joins, 3> {
  void act(unsigned index) {
    if (index == 2) return rob(2);
    const auto two = [this] { return join([] { return 1; }, [] { return 2; }); };
    RL_ASSERT(join(two, [] { return 4; }) == 7);
  }
};

/// Branches that submit tasks: above the job of the joiner, and in the deque of its thief.
struct with_tasks : fork_scenario<with_tasks, 2> {
  void act(unsigned index) {
    if (index == 1) return rob(2);
    const auto submitting = [this](unsigned which) {
      return [this, which] {
        submit(which);
        return 1;
      };
    };
    RL_ASSERT(join(submitting(0), submitting(1)) == 2);
  }
  void after() override {
    expect_tasks_once();
    fork_scenario::after();
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<one_join>("one join", 50'000),
      executed<one_after_the_other>("one after the other", 50'000),
      executed<nested>("nested", 100'000),
      executed<nested_twice_robbed>("nested, two thieves", 50'000),
      executed<two_joins>("two joins", 100'000),
      executed<with_tasks>("with tasks", 50'000),
  });
}
