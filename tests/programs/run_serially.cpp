// The meaning of a program: every task is run where it is submitted.
#include <functional>

#include "programs/interpreter.hpp"

namespace filch_programs {

namespace {

class serial_machine {
 public:
  /// A task that has been run.
  struct future {
    bool threw;
    std::uint64_t number;
  };

  struct group {};
  struct manner {
    filch::priority rank;
    group of;
  };

  explicit serial_machine(outcome& into) : into_(into) {}

  template <class Call>
  future submit(manner, Call&& call) {
    try {
      return {false, call()};
    } catch (const raised& thrown) {
      return {true, thrown.number};
    }
  }
  template <class Call>
  future later(manner how, std::uint32_t, Call&& call) {
    return submit(how, std::forward<Call>(call));
  }
  template <class Call>
  future limit(manner how, Call&& call) {
    return submit(how, std::forward<Call>(call));
  }
  template <class Call>
  future admit(manner how, passage, bool, Call&& call) {
    return submit(how, std::forward<Call>(call));
  }
  template <class Call>
  void post(manner how, Call&& call) {
    if (!submit(how, call).threw) return;
    ++into_.unhandled;
    into_.sure_unhandled += sure_ ? 1 : 0;
  }
  template <class Call>
  std::vector<future> bulk(manner how, std::uint32_t many, const Call& call) {
    std::vector<future> made;
    for (std::uint32_t i = 0; i != many; ++i) made.push_back(submit(how, [&] { return call(i); }));
    return made;
  }
  template <class Call>
  void post_bulk(manner how, std::uint32_t many, const Call& call) {
    for (std::uint32_t i = 0; i != many; ++i) post(how, [&] { return call(i); });
  }

  /// What is taken and not pulled may run.
  template <class Call, class Visit>
  void pull(manner how, pulling wanted, const Call& call, const Visit& visit) {
    const bool sure = sure_;
    for (std::uint32_t i = 0; i != wanted.taken(); ++i) {
      sure_ = sure && i < wanted.pulled;
      future made = submit(how, [&] { return call(i); });
      if (i < wanted.pulled) visit(i, [&] { return get(made); });
    }
    sure_ = sure;
  }

  template <class Call>
  static void together(side_by_side, std::uint32_t many, const Call& call) {
    for (std::uint32_t i = 0; i != many; ++i) call(i);
  }

  static std::uint64_t get(future& of) {
    if (of.threw) throw raised{of.number};
    return of.number;
  }
  static std::uint64_t help(future& of) { return get(of); }
  static void wait(future&) {}
  static void wait_for(future&) {}
  static void cancel(future&) {}
  static group make_group() { return {}; }
  static void stop(group) {}
  static void resize(std::uint32_t) {}
  static std::uint64_t lost() { return 0; }
  void ran(std::size_t id) {
    ++into_.runs[id];
    into_.sure_runs[id] += sure_ ? 1 : 0;
  }

 private:
  outcome& into_;
  bool sure_ = true;
};

}  // namespace

outcome run_serially(const program& of) {
  outcome result;
  result.runs.resize(of.bodies);
  result.sure_runs.resize(of.bodies);
  serial_machine machine(result);
  interpreter<serial_machine> meaning(machine);
  for (const auto& thread : of.threads) {
    try {
      result.sums.push_back(meaning.run(*thread, 0));
    } catch (const raised& thrown) {
      result.sums.push_back(thrown.number);
    }
  }
  return result;
}

}  // namespace filch_programs
