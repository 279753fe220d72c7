// Memory that comes home late: when the blocks of a burst are freed elsewhere while its pool sleeps, the pool is rung for and
// trims, until no more is held than a slab retains. A ring that is missing ends as a deadlock: everybody sleeps, and whoever
// waits for the memory waits for ever. And a pool may go meanwhile.
#include <algorithm>
#include <array>

#include "model_pool.hpp"

namespace filch::model {
namespace {

using detail::slab;

void let_others_go_on() {
  for (unsigned turns = rl::rand(30); turns != 0; --turns) relacy_atomics::pause();
}

/// How rings are answered, of an action that has no lock and no fence of its own: one takes it at a time, and whoever called
/// has it taken once more after what it did before.
struct rings : scenario<3> {
  detail::combined_calls<relacy_atomics> calls;
  atomic<unsigned> did[3];
  plain<unsigned> seen{0};

  void thread(unsigned index) override {
    did[index].store(1, std::memory_order_relaxed);
    calls.call([this] {
      unsigned now = 0;
      for (const atomic<unsigned>& each : did) now += each.load(std::memory_order_relaxed);
      seen = std::max<unsigned>(seen, now);
    });
  }
  void after() override { RL_ASSERT(seen == 3); }
};

/// The slab of a worker, or of a slot: the blocks that went out, half of them for each of those who free.
template <unsigned Freers, std::uint32_t Each>
struct burst {
  static constexpr std::uint32_t count = Freers * Each;
  std::array<slab::room, count> blocks;
  slab* home = nullptr;

  void lend(slab& from) {
    home = &from;
    from.lend(count);
  }
  void clear() {
    for (slab::room& each : blocks) each.clear();
  }
  void free_share(unsigned freer) {
    for (std::uint32_t i = 0; i != Each; ++i) home->free(blocks[freer * Each + i]);
  }
};

/// A task that fills its worker's slab.
template <class Burst>
struct spender final : task_node {
  Burst all;
  milestone done;
  void run(worker& by) override {
    all.lend(by.memory());
    done.reach_one_more();
  }
};

/// While nobody else has work: Freers threads drop their shares, and the first waits for the memory.
template <class Derived, unsigned Workers, unsigned Freers, std::uint32_t Each>
struct of_workers : pool_scenario<Derived, Workers, 0, 1, Freers> {
  spender<burst<Freers, Each>> spent[Workers];

  of_workers() { slab::retained_bytes = 2 * Freers; }  // as many as one is sure to be told of

  void drive(unsigned freer) {
    if (freer == 0)
      for (auto& each : spent) this->pool.submit(each);
    for (auto& each : spent) each.done.wait_for(1);
    for (auto& each : spent) each.all.free_share(freer);
    if (freer == 0)
      for (auto& each : spent) each.all.home->wait_until_trimmed();
  }
};
struct one_freer : of_workers<one_freer, 1, 1, 5> {};
struct two_freers : of_workers<two_freers, 1, 2, 5> {};
struct two_sleepers : of_workers<two_sleepers, 2, 2, 3> {};

/// One of two workers leaves meanwhile, perhaps the one whose memory comes home.
struct who_leaves : pool_scenario<who_leaves, 2, 0, 1, 2> {
  spender<burst<2, 5>> spent;

  who_leaves() { slab::retained_bytes = 4; }

  void drive(unsigned freer) {
    if (freer == 0) pool.submit(spent);
    spent.done.wait_for(1);
    if (freer == 0) pool.resize(1);
    let_others_go_on();
    spent.all.free_share(freer);
    if (freer == 0) spent.all.home->wait_until_trimmed();
  }
};

/// The same of a slot's slab, which nobody sleeps on: a worker that rests, or whoever rings, trims it. One of those who free
/// leases it meanwhile and may hold it when the last ring comes: to submit, or to be refused with what it has allocated.
enum class lease { none, submits, is_refused };

template <class Derived, std::uint32_t Each, lease Second, unsigned Others = 0>
struct of_a_slot : pool_scenario<Derived, 1, 0, 1, 2 + Others> {
  struct nothing final : task_node {
    void run(worker&) override {}
  };
  burst<2, Each> spent;
  slab& memory = *slab::create(&this->pool.bell());  // the pool's, once a slot has it
  milestone done;
  nothing first;
  nothing second;

  of_a_slot() { slab::retained_bytes = 4; }

  void spend() {
    detail::submission_slot& slot = this->pool.slots().lease();
    spent.lend(memory);
    slot.memory.store(&memory, std::memory_order_release);
    task_node* const task = &first;
    this->pool.enqueue_in(slot, &task, 1);
    slot.leave();
    done.reach_one_more();
  }
  void lease_again() {
    detail::submission_slot& slot = this->pool.slots().lease();
    if (slot.memory.load(std::memory_order_relaxed) != nullptr) memory.look_for_room();
    if (Second == lease::submits) {
      task_node* const task = &second;
      this->pool.enqueue_in(slot, &task, 1);
    }
    slot.leave();
  }
  void drive(unsigned freer) {
    if (freer == 0) spend();
    done.wait_for(1);
    if (freer > 1)
      for (int i = 0; i != 4; ++i) lease_again();
    if (freer > 1) return;
    let_others_go_on();
    if (freer == 1 && Second == lease::is_refused) lease_again();
    spent.free_share(freer);
    if (freer == 1 && Second == lease::submits) lease_again();
    if (freer == 0) memory.wait_until_trimmed();
  }
};
struct slot : of_a_slot<slot, 4, lease::none> {};
struct slot_in_use : of_a_slot<slot_in_use, 4, lease::submits> {};
struct slot_of_refused : of_a_slot<slot_of_refused, 4, lease::is_refused> {};
struct slot_of_two_refused : of_a_slot<slot_of_two_refused, 3, lease::is_refused, 1> {};

/// One worker; somebody else has a task fill its slab, fills a slot's, and ends the pool while Freers drop it all.
template <unsigned Freers>
struct of_an_end : scenario<2 + Freers> {
  pool_core* const pool = new pool_core{{.workers = 1}};
  spender<burst<Freers, 6 / Freers>> spent;
  burst<Freers, 6 / Freers> outside;
  slab* const memory = slab::create(&pool->bell());  // the pool's, once a slot has it

  of_an_end() { slab::retained_bytes = 2; }

  void submit() {
    detail::submission_slot& slot = pool->slots().lease();
    outside.lend(*memory);
    slot.memory.store(memory, std::memory_order_release);
    task_node* const task = &spent;
    pool->enqueue_in(slot, &task, 1);
    slot.leave();
  }
  void free_shares(unsigned freer) {
    spent.done.wait_for(1);
    let_others_go_on();
    const bool worker_first = rl::rand(2) == 0;
    if (worker_first) spent.all.free_share(freer);
    outside.free_share(freer);
    if (!worker_first) spent.all.free_share(freer);
  }
};

/// The pool ends while the blocks come home: the last ring may find its worker gone, or going, or a slot still held.
struct at_the_end : of_an_end<1> {
  void thread(unsigned index) override {
    if (index == 0) return pool->worker_at(0)->main();
    if (index == 2) return free_shares(0);
    submit();
    (void)pool->wait_until_idle(std::nullopt);
    let_others_go_on();
    pool->end_workers();
  }
  void after() override {
    RL_ASSERT(spent.all.home->is_trimmed());
    RL_ASSERT(memory->is_trimmed());
    delete pool;
  }
};

/// The pool goes meanwhile: who rings meets it whole or not at all, and the last block takes its slab and the bell along.
template <unsigned Freers>
struct goes : of_an_end<Freers> {
  milestone ended;

  void thread(unsigned index) override {
    if (index == 0) {
      this->pool->worker_at(0)->main();
      ended.reach_one_more();
    } else if (index == 1) {
      this->submit();
      end();
    } else {
      this->free_shares(index - 2);
    }
  }
  void end() {
    let_others_go_on();
    if (rl::rand(2) == 0) this->pool->shutdown();
    let_others_go_on();
    this->pool->begin_to_go();
    ended.wait_for(1);
    delete this->pool;
  }
  void after() override {
    this->spent.all.clear();
    this->outside.clear();
  }
};
struct goes_under_one : goes<1> {};
struct goes_under_two : goes<2> {};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<rings>("three rings", 40'000),
      executed<one_freer>("one frees", 40'000),
      executed<two_freers>("two free", 40'000),
      executed<two_sleepers>("two workers sleep", 40'000),
      executed<who_leaves>("one of two workers leaves", 10'000),
      executed<slot>("a slot's slab", 40'000),
      executed<slot_in_use>("a slot's slab in use", 40'000),
      executed<slot_of_refused>("a slot's slab, a submission refused", 40'000),
      executed<slot_of_two_refused>("a slot's slab, two submissions refused", 40'000),
      executed<at_the_end>("at the end of the pool", 40'000),
      executed<goes_under_one>("a pool goes while one frees", 40'000),
      executed<goes_under_two>("a pool goes while two free", 80'000),
  });
}
