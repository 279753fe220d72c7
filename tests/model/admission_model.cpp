// A gate's places: no more are out than there are, who waits gets the next one in turn, whoever leaves leaves once, and the
// state goes with the last of the gate and its places. The word, the line and the parkers are the shipped ones. The state is
// deleted as soon as the protocol allows, so that a late touch is an access to freed memory.
#include "scenario.hpp"

#include <chrono>
#include <mutex>
#include <optional>

#include "model_mutex.hpp"
#include "model_stop.hpp"

#include <filch/detail/flow/admission_word.hpp>

namespace filch::inline v0_1::detail {

using model::plain;
using steady_time = std::chrono::steady_clock::time_point;
inline constexpr std::size_t cache_line = 64;

inline void futex_wait(const model::atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::optional<steady_time> deadline) {
  if (deadline)
    model::relacy_atomics::wait_for_a_while(word, expected);
  else
    model::relacy_atomics::wait(word, expected);
}
inline void futex_wake_one(const model::atomic<std::uint32_t>* word,
                           std::source_location where = std::source_location::current()) {
  model::relacy_atomics::wake(*word, where);
}

#include "shipped_parker.inc"

struct worker_role {
  void begin_blocked_wait() { (void)blocked.fetch_add(1, std::memory_order_relaxed); }
  void end_blocked_wait() { (void)blocked.fetch_sub(1, std::memory_order_relaxed); }
  model::atomic<unsigned> blocked{0};
};

enum wait_outcome { admitted, timeout, stopped };  // Relacy prints what a plain field holds

struct waiting_submitter {
  waiting_submitter(parker& its_own, worker_role* its_role) : own(its_own), role(its_role) { own.prepare(); }

  plain<waiting_submitter*> before{nullptr};
  plain<waiting_submitter*> behind{nullptr};
  plain<bool> in_line{false};
  plain<wait_outcome> outcome{wait_outcome::timeout};
  parker& own;
  worker_role* const role;
};

class admission_state {
 public:
  admission_state(std::int64_t places, int& deaths) : word_(places), deaths_(deaths) {}
  ~admission_state() {
    RL_ASSERT(first_ == nullptr && length_ == 0);
    first_ = nullptr;  // the memory goes
    ++deaths_;
  }

  take_outcome try_take() { return word_.try_take(); }
  void take_regardless() { word_.take_regardless(); }
  void give_back() noexcept;
  void gate_goes() noexcept;

  /// As the shipped one, with a stop state of the models.
  wait_outcome wait(parker& own, worker_role* role, bool timed, model::stop_state* stop, unsigned self_index) {
    if (take_soon() == take_outcome::taken) return wait_outcome::admitted;
    if (role != nullptr) role->begin_blocked_wait();
    waiting_submitter self(own, role);
    if (join_line(self) == line_outcome::taken) {
      if (role != nullptr) role->end_blocked_wait();
      return wait_outcome::admitted;
    }
    const auto limit = timed ? std::optional(steady_time::min()) : std::nullopt;
    if (stop == nullptr) return wait_in_line(self, limit);
    leaver leaves(*this, self);
    stop->add(leaves);
    const wait_outcome outcome = wait_in_line(self, limit);
    stop->remove(leaves, self_index);
    return outcome;
  }
  std::int64_t waiting() {
    const std::scoped_lock lock(mutex_);
    return length_;
  }

 private:
  struct leaver : model::stop_state::callback {
    leaver(admission_state& of, waiting_submitter& its) : callback(&leave), gate(of), self(its) {}
    static void leave(callback& which) {
      leaver& own = static_cast<leaver&>(which);
      if (own.gate.take_out_of_line(own.self, wait_outcome::stopped)) notify(own.self);
    }
    admission_state& gate;
    waiting_submitter& self;
  };

  take_outcome take_soon() noexcept;
  line_outcome join_line(waiting_submitter& self) noexcept;
  wait_outcome wait_in_line(waiting_submitter& self, std::optional<steady_time> deadline) noexcept;
  bool hand_over() noexcept;
  bool take_out_of_line(waiting_submitter& one, wait_outcome outcome) noexcept;
  void append(waiting_submitter& last) noexcept;
  void remove(waiting_submitter& one) noexcept;
  static void notify(waiting_submitter& taken_out) noexcept;

  static constexpr unsigned spin_turns = 1;

  admission_word<model::relacy_atomics> word_;
  model::mutex mutex_;
  plain<waiting_submitter*> first_{nullptr};
  plain<waiting_submitter*> last_{nullptr};
  plain<std::int64_t> length_{0};
  int& deaths_;
};

#include "shipped_admission.inc"

}  // namespace filch::inline v0_1::detail

namespace filch::model {
namespace {

using detail::admission_state;
using detail::parker;
using detail::take_outcome;
using detail::wait_outcome;
using detail::worker_role;

/// The gate goes as soon as each of so many submissions has returned, whatever places are out.
template <unsigned Threads>
struct gate_scenario : scenario<Threads> {
  admission_state* gate = nullptr;
  parker parkers[Threads];
  worker_role role;
  atomic<unsigned> returned{0};
  atomic<unsigned> admitted_now{0};
  int deaths = 0;

  virtual std::int64_t places() const { return 1; }
  virtual unsigned submissions() const { return Threads; }

  void before() override { gate = new admission_state(places(), deaths); }
  void after() override {
    RL_ASSERT(deaths == 1);
    RL_ASSERT(role.blocked.newest() == 0);
  }

  bool submit(unsigned index, bool timed = false, worker_role* as = nullptr, stop_state* stop = nullptr) {
    const wait_outcome outcome = gate->wait(parkers[index], as, timed, stop, index);
    submission_returns();
    return outcome == wait_outcome::admitted;
  }
  void submission_returns() {
    if (returned.fetch_add(1, std::memory_order_acq_rel) + 1 == submissions()) gate->gate_goes();
  }
  void run_and_give_back() {
    RL_ASSERT(admitted_now.fetch_add(1, std::memory_order_relaxed) < static_cast<unsigned>(places()));
    (void)admitted_now.fetch_sub(1, std::memory_order_relaxed);
    gate->give_back();
  }
};

/// Each sees what was done in the place before.
struct three_take_turns : gate_scenario<3> {
  plain<unsigned> done{0};

  void before() override {
    gate_scenario<3>::before();
    done = 0;
  }
  void thread(unsigned index) override {
    RL_ASSERT(submit(index));
    done = done + 1;
    run_and_give_back();
  }
};

struct two_at_a_time : gate_scenario<4> {
  std::int64_t places() const override { return 2; }
  void thread(unsigned index) override {
    RL_ASSERT(submit(index));
    run_and_give_back();
  }
};

/// Whoever does not wait for long is admitted or not, and holds nothing then; it counts as blocked as long as it waits.
struct the_time_passes : gate_scenario<3> {
  plain<unsigned> done{0};

  void before() override {
    gate_scenario<3>::before();
    done = 0;
  }
  void thread(unsigned index) override {
    if (!submit(index, index == 1, index == 0 ? nullptr : &role)) return;
    done = done + 1;
    run_and_give_back();
  }
};

/// Two whose time passes beside one that stays.
struct two_leave : gate_scenario<4> {
  void thread(unsigned index) override {
    if (submit(index, index == 1 || index == 2)) run_and_give_back();
  }
};

/// The place is taken; one comes, another behind it, and a third who would overtake.
struct first_come_first_served : gate_scenario<4> {
  plain<unsigned> served{0};

  unsigned submissions() const override { return 3; }
  void before() override {
    gate_scenario<4>::before();
    served = 0;
    RL_ASSERT(gate->try_take() == take_outcome::taken);
  }
  void wait_for_line(std::int64_t length) {
    while (gate->waiting() < length) relacy_atomics::pause();
  }
  void thread(unsigned index) override {
    if (index == 0) {
      wait_for_line(2);
      overtaken.store(1, std::memory_order_release);
      gate->give_back();
    } else if (index == 3) {
      while (overtaken.load(std::memory_order_acquire) == 0) relacy_atomics::pause();
      const bool taken = gate->try_take() == take_outcome::taken;
      submission_returns();
      if (!taken) return;
      RL_ASSERT(served == 2);
      gate->give_back();
    } else {
      if (index == 2) wait_for_line(1);
      RL_ASSERT(submit(index));
      RL_ASSERT(served == index - 1);
      served = index;
      run_and_give_back();
    }
  }
  atomic<unsigned> overtaken{0};
};

/// A worker has taken one more: both must be back before anybody else has one, who sees what was done in both.
struct a_worker_exceeds : gate_scenario<4> {
  plain<unsigned> done[2];

  unsigned submissions() const override { return 2; }
  void before() override {
    gate_scenario<4>::before();
    for (auto& each : done) each = 0;
    RL_ASSERT(gate->try_take() == take_outcome::taken);
    gate->take_regardless();
  }
  void thread(unsigned index) override {
    if (index < 2) {
      done[index] = 1;
      return gate->give_back();
    }
    bool admitted = false;
    if (index == 2) {
      admitted = submit(index, true);
    } else {
      while (returned.load(std::memory_order_relaxed) == 0) relacy_atomics::pause();
      for (int i = 0; i != 4 && !admitted; ++i) {
        relacy_atomics::pause();
        admitted = gate->try_take() == take_outcome::taken;
      }
      if (admitted) RL_ASSERT(done[0] + done[1] == 2);  // by the place, not by what orders the returns
      submission_returns();
    }
    if (!admitted) return;
    RL_ASSERT(done[0] + done[1] == 2);
    run_and_give_back();
  }
};

/// While one pays for what was taken beyond the bound, more is taken.
struct two_workers_exceed : gate_scenario<4> {
  unsigned submissions() const override { return 2; }
  void before() override {
    gate_scenario<4>::before();
    RL_ASSERT(gate->try_take() == take_outcome::taken);
    gate->take_regardless();
  }
  void thread(unsigned index) override {
    if (index == 2) {
      if (submit(index, rl::rand(2) == 0)) gate->give_back();
      return;
    }
    if (index == 3) {
      gate->take_regardless();
      submission_returns();
    }
    gate->give_back();
  }
};

/// Inside, one more is taken at any moment.
struct a_worker_comes_in_between : gate_scenario<4> {
  unsigned submissions() const override { return 4; }
  void thread(unsigned index) override {
    if (index == 3) {
      gate->take_regardless();
      submission_returns();
      return gate->give_back();
    }
    if (submit(index, index == 1)) gate->give_back();
  }
};

/// One of a stop request, the time and the place comes first.
struct stopped_or_admitted : gate_scenario<4> {
  stop_state stop;

  unsigned submissions() const override { return 2; }
  void before() override {
    gate_scenario<4>::before();
    RL_ASSERT(gate->try_take() == take_outcome::taken);
  }
  void thread(unsigned index) override {
    if (index == 0) return gate->give_back();
    if (index == 1) return stop.request_stop(index);
    const bool stoppable = index == 2;
    if (submit(index, stoppable && rl::rand(2) == 0, &role, stoppable ? &stop : nullptr)) run_and_give_back();
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<three_take_turns>("three take turns", 60'000),
      executed<two_at_a_time>("two at a time", 60'000),
      executed<the_time_passes>("the time passes at a gate", 60'000),
      executed<two_leave>("two leave the line", 60'000),
      executed<first_come_first_served>("first come first served", 60'000),
      executed<a_worker_exceeds>("a worker exceeds the bound", 100'000),
      executed<two_workers_exceed>("two workers exceed the bound", 60'000),
      executed<a_worker_comes_in_between>("a worker comes in between", 60'000),
      executed<stopped_or_admitted>("stopped or admitted", 60'000),
  });
}
