// The deque of a worker: its owner pushes, pops and spills against two thieves, in a ring of two slots whose indices
// wrap around. Every item is taken exactly once, by somebody who sees what was written before it was pushed.
#include "scenario.hpp"

#include <filch/detail/queue/chase_lev_deque.hpp>

namespace filch::model {
namespace {

struct item {
  plain<int> content{0};
  bool pushed = false;
  int taken = 0;
};

constexpr unsigned capacity = 2;
constexpr std::uint64_t first_index = ~std::uint64_t{0};

template <class Derived, unsigned Items, unsigned Thieves>
struct deque_scenario : scenario<1 + Thieves> {
  detail::deque_ring<item, relacy_atomics>::slot slots[capacity];
  detail::deque_ring<item, relacy_atomics> ring;
  detail::deque_owner<item, relacy_atomics> owner;
  item items[Items];
  unsigned next = 0;

  // Every other time the owner takes the bias after each pop that no thief has disturbed.
  deque_scenario() : deque_scenario(rl::rand(2)) {}
  explicit deque_scenario(unsigned calm_pops, std::uint64_t first = first_index)
      : ring(slots, capacity, first), owner(ring, relacy_atomics::fences_are_asymmetric ? calm_pops : 0) {}

  void thread(unsigned index) override {
    if (index == 0)
      static_cast<Derived*>(this)->own();
    else
      static_cast<Derived*>(this)->rob();
  }

  void after() override {
    for (const item& each : items) RL_ASSERT(each.taken == (each.pushed ? 1 : 0));
  }

  item* make() {
    item& made = items[next++];
    made.content = 1;
    return &made;
  }

  // The write makes a race of two takers, and one of a taker and an owner whose write it does not see.
  static void take(item* taken) {
    RL_ASSERT(taken != nullptr);
    RL_ASSERT(taken->content == 1);
    taken->content = 2;
    ++taken->taken;
  }

  void push_one() {
    if (next == Items) return;
    item* const made = make();
    made->pushed = true;
    while (!owner.push(made)) spill();
  }

  void push_two() {
    if (Items - next < 2) return;
    item* const made[] = {make(), make()};
    made[0]->pushed = made[1]->pushed = true;
    while (!owner.push(made, 2)) {
      if (rl::rand(2) == 0)
        spill();
      else
        pop();
    }
  }

  bool pop() {
    item* const taken = owner.pop();
    if (taken != nullptr) take(taken);
    return taken != nullptr;
  }

  // As a worker that has run the task in place and looks whether its entry is still the newest.
  void pop_the_last_made() {
    if (next == 0) return;
    item* const last = &items[next - 1];
    if (owner.pop_if_newest(last)) take(last);
  }

  void spill() {
    item* taken[capacity];
    const std::size_t count = owner.spill(taken, 1 + rl::rand(capacity));
    for (std::size_t i = 0; i != count; ++i) take(taken[i]);
  }

  // The owner's pop finds everything that it has pushed itself: nobody else pushes.
  void pop_the_rest() {
    while (pop()) {
    }
  }

  void steal(unsigned times) {
    detail::deque_thief<item, relacy_atomics> thief(ring);
    for (unsigned i = 0; i != times; ++i) {
      const auto stolen = thief.steal();
      RL_ASSERT((stolen.outcome == detail::steal_outcome::success) == (stolen.item != nullptr));
      if (stolen.item != nullptr) take(stolen.item);
    }
  }
};

/// One item, its owner and one thief: each interleaving.
struct last_item : deque_scenario<last_item, 1, 1> {
  void own() {
    push_one();
    pop_the_rest();
  }
  void rob() { steal(1); }
};

/// Two items, which two thieves and the owner are after.
struct two_items : deque_scenario<two_items, 2, 2> {
  void own() {
    push_one();
    push_one();
    pop();
    pop_the_rest();
  }
  void rob() { steal(2); }
};

/// The owner does what it likes, and the ring wraps around.
struct everything : deque_scenario<everything, 5, 2> {
  void own() {
    for (unsigned step = 0; step != 7; ++step) switch (rl::rand(6)) {
        case 0:
        case 1: push_one(); break;
        case 2: push_two(); break;
        case 3: (void)pop(); break;
        case 4: pop_the_last_made(); break;
        default: spill(); break;
      }
    pop_the_rest();
  }
  void rob() { steal(3); }
};

/// Pairs that become visible with one store.
struct pairs : deque_scenario<pairs, 4, 2> {
  void own() {
    push_two();
    push_two();
    pop_the_rest();
  }
  void rob() { steal(2); }
};

/// A push in place of what was popped: a bottom that was lowered and raised again still publishes the older items.
struct pop_then_stolen : deque_scenario<pop_then_stolen, 3, 2> {
  void own() {
    push_one();
    push_one();
    pop();
    push_one();
    pop();
    pop_the_rest();
  }
  void rob() { steal(2); }
};

/// The owner takes the bias whenever it can, and a thief takes it away: each interleaving.
struct biased : deque_scenario<biased, 3, 1> {
  biased() : deque_scenario(1) {}
  void own() {
    push_one();
    push_one();
    pop();
    push_one();
    pop_the_rest();
  }
  void rob() { steal(1); }
};

/// The bias goes to and fro, and the same indices are used again and again.
struct to_and_fro : deque_scenario<to_and_fro, 8, 2> {
  to_and_fro() : deque_scenario(1) {}
  void own() {
    for (unsigned round = 0; round != 4; ++round) {
      push_two();
      pop();
      if (rl::rand(2) == 0) pop();
    }
    pop_the_rest();
  }
  void rob() { steal(3); }
};

/// A thief that has read the index of an item sleeps while the owner takes the bias, pops that item without moving top and puts
/// another in its place, and while somebody takes the bias away and leaves the item. By chance nobody sleeps that long.
struct old_thief : deque_scenario<old_thief, 3, 1> {
  old_thief() : deque_scenario(1, 0) {}
  void own() {
    push_two();
    detail::deque_thief<item, relacy_atomics> late(ring);
    detail::deque_thief<item, relacy_atomics> second(ring);
    const auto stolen = late.steal_if([&](const item*) {
      pop();
      pop();
      push_one();
      (void)second.steal_if([](const item*) { return false; });
      return true;
    });
    if (stolen.item != nullptr) take(stolen.item);
    pop_the_rest();
  }
  void rob() { steal(1); }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      searched<last_item>("last item, searched", 3),
      executed<last_item>("last item", 50'000),
      executed<two_items>("two items", 100'000),
      executed<pop_then_stolen>("pop, then stolen", 100'000),
      executed<pairs>("pairs", 100'000),
      executed<everything>("everything", 200'000),
      searched<biased>("biased, searched", 2),
      executed<biased>("biased", 100'000),
      executed<to_and_fro>("to and fro", 200'000),
      executed<old_thief>("old thief", 50'000),
  });
}
