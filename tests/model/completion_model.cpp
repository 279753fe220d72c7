// Who has ended, told to one who takes them and waits: none is lost, none is seen unfinished, and nobody touches the list, the
// waiter or what has ended when they may be gone. The list is the shipped one; those who wait park as in src/task/wait.cpp.
#include "scenario.hpp"

#include <filch/detail/park/idle.hpp>
#include <filch/detail/task/completion_list.hpp>
#include <filch/detail/task/state_word.hpp>

namespace filch::model {
namespace {

using list = detail::completion_list<relacy_atomics>;
using waiter = detail::basic_waiter<relacy_atomics>;
using parker = detail::park_token<relacy_atomics>;

/// As a map_entry. It is gone as soon as the owner has taken it.
struct ended : waiter {
  plain<int> result{0};
  ended() : waiter(nullptr) {}
  ~ended() { result = -1; }
};

/// As parked_waiter in src/task/wait.cpp. Its field is read by who notifies it.
struct parked : waiter {
  plain<parker*> own{nullptr};
  explicit parked(parker& with) : waiter(&unpark) { own = &with; }
  ~parked() { own = nullptr; }
  static void unpark(waiter& node) noexcept { static_cast<parker*>(static_cast<parked&>(node).own)->notify(); }
};

constexpr int value = 6 * 7;

template <class Derived, unsigned Tellers>
struct completion_scenario : scenario<Tellers + 1> {
  static constexpr unsigned each = 2;  // so many does one thread end
  static constexpr unsigned total = Tellers * each;

  parker own;
  list* told = nullptr;
  ended* made[total];
  unsigned taken = 0;

  void before() override {
    told = new list;
    for (ended*& one : made) one = new ended;
  }
  void after() override { RL_ASSERT(taken == total); }

  void tell(unsigned teller) {
    for (unsigned i = 0; i != each; ++i) {
      ended& one = *made[teller * each + i];
      one.result = value;
      told->push(one);
    }
  }

  void take() {
    for (waiter* next = told->take_all(); next != nullptr;) {
      auto* const one = static_cast<ended*>(next);
      next = one->next;
      RL_ASSERT(one->result == value);
      ++taken;
      delete one;
    }
  }

  /// As park_on() without a deadline; with `refused` as where no spare is to be had.
  bool wait(bool refused) {
    auto* const self = new parked(own);
    bool waited = true;
    if (told->install(*self) == detail::install_outcome::installed) {
      waited = !refused || told->uninstall(*self) == detail::uninstall_outcome::ready;
      if (waited) own.wait();
    }
    delete self;
    return waited;
  }
};

/// As map_window: takes what there is, or waits; the list is gone when all have come.
template <unsigned Tellers>
struct takes_and_waits : completion_scenario<takes_and_waits<Tellers>, Tellers> {
  void thread(unsigned index) override {
    if (index != Tellers) return this->tell(index);
    for (;;) {
      this->take();
      if (this->taken == this->total) break;
      if (this->wait(false)) RL_ASSERT(!this->told->is_empty());
    }
    delete this->told;
  }
};
using one_tells = takes_and_waits<1>;
using two_tell = takes_and_waits<2>;

/// A wait that is refused leaves no waiter behind; the next one, perhaps without a spare, goes on.
struct refused_and_waits : completion_scenario<refused_and_waits, 2> {
  void thread(unsigned index) override {
    if (index != 2) return tell(index);
    for (unsigned turn = 0; taken != total; ++turn) {
      if (told->is_empty()) (void)wait(turn % 2 == 0);
      take();
    }
    delete told;
  }
};

/// The oldest comes first.
struct in_their_order : completion_scenario<in_their_order, 1> {
  void thread(unsigned index) override {
    if (index == 0) return tell(0);
    while (taken != total) {
      waiter* next = told->take_all();
      while (next != nullptr) {
        RL_ASSERT(next == made[taken]);
        next = next->next;
        delete made[taken++];
      }
      relacy_atomics::pause();
    }
    delete told;
  }
};

}  // namespace
}  // namespace filch::model

int main(int argc, char** argv) {
  using namespace filch::model;
  return run_checks(argc, argv, {
      executed<one_tells>("one tells", 100'000),
      executed<two_tell>("two tell", 100'000),
      executed<refused_and_waits>("refused and waits", 100'000),
      executed<in_their_order>("in their order", 50'000),
  });
}
