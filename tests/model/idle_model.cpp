// Going to sleep and being woken: no task stays queued while a worker is parked and nobody searches. The tasks wait for
// each other, so that a task which is left to one busy worker ends as a deadlock. Three rounds, since a token that was
// left behind does its harm in the next.
#include "model_pool.hpp"

namespace filch::model {
namespace {

constexpr unsigned rounds = 3;

/// Two tasks from outside, one after the other.
template <class Derived, unsigned Groups>
struct pairs_from_outside : pool_scenario<Derived, 2, 0, Groups> {
  rendezvous pairs[rounds];

  void drive(unsigned) {
    for (rendezvous& pair : pairs) {
      this->pool.submit(pair.guests[0]);
      this->pool.submit(pair.guests[1]);
      pair.leave(this->pool);
    }
  }
  void check_idle() {
    for (rendezvous& pair : pairs) pair.check();
  }
};
struct pairs_one_group : pairs_from_outside<pairs_one_group, 1> {};
struct pairs_two_groups : pairs_from_outside<pairs_two_groups, 2> {};

/// Two tasks at once, with one wake-up for both.
struct bulk : pool_scenario<bulk, 2> {
  rendezvous pairs[rounds];

  void drive(unsigned) {
    for (rendezvous& pair : pairs) {
      task_node* const both[] = {&pair.guests[0], &pair.guests[1]};
      pool.submit(both, 2);
      pair.leave(pool);
    }
  }
  void check_idle() {
    for (rendezvous& pair : pairs) pair.check();
  }
};

/// Two submitters, each with one half of every pair.
struct two_submitters : pool_scenario<two_submitters, 2, 0, 1, 2> {
  rendezvous pairs[rounds];

  void drive(unsigned half) {
    for (rendezvous& pair : pairs) {
      pool.submit(pair.guests[half]);
      pair.arrived.wait_for(2);
    }
  }
  void check_idle() {
    for (rendezvous& pair : pairs) pair.check();
  }
};

/// One half of each pair is urgent, the other has time.
struct high_and_low : pool_scenario<high_and_low, 2, 0, 1, 2, true> {
  rendezvous pairs[rounds];

  void drive(unsigned half) {
    for (rendezvous& pair : pairs) {
      pool.submit_in_lane(half, pair.guests[half]);
      pair.arrived.wait_for(2);
    }
  }
  void check_idle() {
    for (rendezvous& pair : pairs) pair.check();
  }
};

/// Both submitters count in one lane, while two workers discount.
struct two_in_a_lane : pool_scenario<two_in_a_lane, 2, 0, 1, 2, true> {
  rendezvous pairs[rounds];

  void drive(unsigned half) {
    for (rendezvous& pair : pairs) {
      pool.submit_in_lane(1, pair.guests[half]);
      pair.arrived.wait_for(2);
    }
  }
  void check_idle() {
    for (rendezvous& pair : pairs) pair.check();
    RL_ASSERT(pool.lane(1).waiting() == 0);
  }
};

/// A task that awaits one which has time, by way of the lane.
struct parent_and_low_child : pool_scenario<parent_and_low_child, 2, 0, 1, 1, true> {
  struct child final : task_node {
    milestone* done = nullptr;
    void run(worker&) override { done->reach_one_more(); }
  };
  struct parent final : task_node {
    milestone done;
    child own;
    void run(worker& by) override {
      own.done = &done;
      by.submit_in_lane(1, own);
      done.wait_for(1);
    }
  };
  parent families[rounds];

  void drive(unsigned) {
    for (parent& each : families) {
      pool.submit(each);
      (void)pool.wait_until_idle(std::nullopt);
    }
  }
  void check_idle() {
    for (parent& each : families) RL_ASSERT(each.runs == 1 && each.own.runs == 1);
  }
};

/// A task that submits the one that it waits for: pushed on its own deque, where the other worker must come for it. The
/// seq_cst store of the push is all that orders it before the look.
template <class Derived, unsigned Groups, unsigned Children>
struct parents : pool_scenario<Derived, 2, 0, Groups> {
  struct child final : task_node {
    milestone* done = nullptr;
    void run(worker&) override { done->reach_one_more(); }
  };
  struct parent final : task_node {
    milestone done;
    child children[Children];
    void run(worker& by) override {
      for (child& each : children) each.done = &done;
      for (child& each : children) by.submit(each);
      done.wait_for(Children);
    }
  };

  parent families[rounds];

  void drive(unsigned) {
    for (parent& each : families) {
      this->pool.submit(each);
      if (rl::rand(2) == 0)
        (void)this->pool.wait_until_idle(std::nullopt);
      else
        each.done.wait_for(Children);
    }
  }
  void check_idle() {
    for (parent& each : families) {
      RL_ASSERT(each.runs == 1);
      for (child& one : each.children) RL_ASSERT(one.runs == 1);
    }
  }
};
struct parent_and_child : parents<parent_and_child, 1, 1> {};
struct parent_and_child_two_groups : parents<parent_and_child_two_groups, 2, 1> {};
struct parent_spills : parents<parent_spills, 1, 4> {};

/// Three workers of which all are needed, woken by one bulk or by the chain.
struct three_guests : pool_scenario<three_guests, 3> {
  struct guest final : task_node {
    milestone* arrived = nullptr;
    void run(worker&) override {
      arrived->reach_one_more();
      arrived->wait_for(3);
    }
  };
  struct meeting {
    milestone arrived;
    guest guests[3];
  };
  meeting meetings[2];

  void drive(unsigned) {
    for (meeting& each : meetings) {
      for (guest& one : each.guests) one.arrived = &each.arrived;
      task_node* const all[] = {&each.guests[0], &each.guests[1], &each.guests[2]};
      pool.submit(all, 2);
      pool.submit(all + 2, 1);
      if (rl::rand(2) == 0)
        (void)pool.wait_until_idle(std::nullopt);
      else
        each.arrived.wait_for(3);
    }
  }
};

/// A worker pushes the task that it waits for, while another finds one that lasts as long: whoever was last to search
/// leaves, and the third must be woken, by the one or by the other.
struct third_worker : pool_scenario<third_worker, 3> {
  struct child final : task_node {
    milestone* done = nullptr;
    void run(worker&) override { done->reach_one_more(); }
  };
  struct parent final : task_node {
    milestone* done = nullptr;
    child* own = nullptr;
    void run(worker& by) override {
      by.submit(*own);
      done->wait_for(1);
    }
  };
  struct neighbour final : task_node {
    milestone* done = nullptr;
    void run(worker&) override { done->wait_for(1); }
  };
  struct family {
    milestone done;
    child youngest;
    parent elder;
    neighbour beside;
  };
  family families[2];

  void drive(unsigned) {
    for (family& each : families) {
      each.youngest.done = each.elder.done = each.beside.done = &each.done;
      each.elder.own = &each.youngest;
      pool.submit(each.elder);
      pool.submit(each.beside);
      (void)pool.wait_until_idle(std::nullopt);
    }
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<pairs_one_group>("pairs from outside", 10'000),
      executed<pairs_two_groups>("pairs from outside, two groups", 10'000),
      executed<bulk>("bulk", 15'000),
      executed<two_submitters>("two submitters", 10'000),
      executed<high_and_low>("high and low", 10'000),
      executed<two_in_a_lane>("two in a lane", 10'000),
      executed<parent_and_low_child>("parent and a child of low priority", 10'000),
      executed<parent_and_child>("parent and child", 10'000),
      executed<parent_and_child_two_groups>("parent and child, two groups", 10'000),
      executed<parent_spills>("a parent that spills", 10'000),
      executed<three_guests>("three guests", 10'000),
      executed<third_worker>("a third worker", 30'000),
  });
}
