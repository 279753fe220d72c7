// The way home of a block that another thread frees, and the end of a slab whose owner goes away first.
#include "scenario.hpp"

#include <filch/detail/memory/remote_list.hpp>

namespace filch::model {
namespace {

using list = detail::remote_list<relacy_atomics>;

struct block : detail::basic_free_block<relacy_atomics> {
  plain<int> content{0};
  int home = 0;
};

/// Blocks and the list they come home to; deleted as a whole.
template <unsigned Blocks>
struct slab {
  list remote;
  block blocks[Blocks];
  plain<int> told{0};
  int& deletions;

  explicit slab(int& counter) : deletions(counter) {}

  // A destructor's write: whoever deletes must come after every last use.
  ~slab() {
    for (block& each : blocks) {
      each.content = -1;
      each.next = nullptr;
    }
    told = told + 1;
    ++deletions;
  }

  void push(block& freed) {
    freed.content = freed.content + 1;  // the last use
    if (remote.push(freed, [this] { told = told + 1; }) == detail::return_outcome::last_block) delete this;
  }

  static unsigned take_home(detail::basic_free_block<relacy_atomics>* taken) {
    unsigned count = 0;
    while (taken != nullptr) {
      block& each = static_cast<block&>(*taken);
      taken = taken->next;
      RL_ASSERT(each.home == 0);
      each.home = 1;
      each.content = each.content + 1;  // used again
      ++count;
    }
    return count;
  }
};

/// Two threads free two blocks each, while the owner takes home what has come, and uses one of them a second time.
struct pushers_and_owner : scenario<3> {
  int deletions = 0;
  slab<4>* memory = nullptr;

  void before() override { memory = new slab<4>(deletions); }

  void thread(unsigned index) override {
    if (index == 0) {
      unsigned home = 0;
      for (int i = 0; i != 3; ++i) {
        (void)memory->remote.has_blocks();
        home += slab<4>::take_home(memory->remote.take_all());
      }
      while (home != 4) {
        home += slab<4>::take_home(memory->remote.take_all());
        relacy_atomics::pause();
      }
      delete memory;
    } else {
      memory->push(memory->blocks[2 * (index - 1)]);
      memory->push(memory->blocks[2 * (index - 1) + 1]);
    }
  }

  void after() override { RL_ASSERT(deletions == 1); }
};

/// The owner takes a block home and gives it out again to one of the pushers, who frees it once more: the head has the
/// same value twice.
struct the_same_block_twice : scenario<3> {
  int deletions = 0;
  slab<2>* memory = nullptr;
  atomic<unsigned> lent{0};

  void before() override { memory = new slab<2>(deletions); }

  void thread(unsigned index) override {
    if (index == 0) {
      unsigned home = 0;
      bool again = false;
      while (home != 3) {
        auto* const taken = memory->remote.take_all();
        for (auto* each = taken; each != nullptr;) {
          auto* const next = static_cast<detail::basic_free_block<relacy_atomics>*>(each->next);
          if (each == &memory->blocks[0] && !again) {
            again = true;
            memory->blocks[0].content = 0;
            lent.store(1, std::memory_order_release);
          }
          ++home;
          each = next;
        }
        relacy_atomics::pause();
      }
      delete memory;
    } else if (index == 1) {
      memory->push(memory->blocks[0]);
      while (lent.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
      memory->push(memory->blocks[0]);
    } else {
      memory->push(memory->blocks[1]);
    }
  }

  void after() override { RL_ASSERT(deletions == 1); }
};

/// The owner goes away before, while or after the last blocks come home.
template <class Derived, unsigned Pushers, unsigned Each>
struct owner_leaves : scenario<Pushers + 1> {
  static constexpr unsigned blocks = Pushers * Each;
  int deletions = 0;
  slab<blocks>* memory = nullptr;

  void before() override { memory = new slab<blocks>(deletions); }

  void thread(unsigned index) override {
    if (index == 0) {
      unsigned out = blocks;
      if (rl::rand(2) == 0) out -= slab<blocks>::take_home(memory->remote.take_all());
      if (rl::rand(2) == 0) {
        out -= slab<blocks>::take_home(memory->remote.take_all_and_watch());
        if (rl::rand(4) != 0)
          (void)memory->remote.call_when((out + 1) / 2);
        else
          memory->remote.stop_watching();
      }
      out -= slab<blocks>::take_home(memory->remote.close());
      if (memory->remote.orphan(out) == detail::orphan_outcome::all_home) delete memory;
    } else {
      for (unsigned i = 0; i != Each; ++i) memory->push(memory->blocks[(index - 1) * Each + i]);
    }
  }

  void after() override { RL_ASSERT(deletions == 1); }
};

struct owner_leaves_one_block : owner_leaves<owner_leaves_one_block, 1, 1> {};
struct owner_leaves_two_pushers : owner_leaves<owner_leaves_two_pushers, 2, 2> {};
struct owner_leaves_three_pushers : owner_leaves<owner_leaves_three_pushers, 3, 1> {};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      searched<owner_leaves_one_block>("the owner leaves one block, searched", 4),
      executed<pushers_and_owner>("two pushers and the owner", 100'000),
      executed<the_same_block_twice>("the same block twice", 100'000),
      executed<owner_leaves_two_pushers>("the owner leaves, two pushers", 100'000),
      executed<owner_leaves_three_pushers>("the owner leaves, three pushers", 100'000),
  });
}
