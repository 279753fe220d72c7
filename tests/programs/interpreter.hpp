// The meaning of the steps, whatever runs the tasks. A Machine has
//   future                              move-only; what submit returns
//   group                               what the children of one body have in common: they may be stopped
//   manner                              of a child: its priority and its group
//   submit(manner, call), post(...)     call() returns a number or throws raised
//   later(manner, microseconds, call)      as submit
//   limit(manner, call), admit(manner, passage, from_outside, call)
//   bulk(manner, n, call), post_bulk(...)  the futures of call(i) for i below n, in order
//   pull(manner, pulling, call, visit)     visit(i, get), where get() is the result of call(i), for each i that is pulled
//   together(side_by_side, n, call)        call(i) for i below n, and all are over
//   make_group(), stop(group), resize(number)
//   get, help, wait, wait_for, cancel      of a future; the first two take it
//   ran(id)                                counts a run of a body
//   lost()                                 what a task that was cancelled, or not taken any more, counts for
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <filch/task/errors.hpp>

#include "programs/flow_steps.hpp"
#include "programs/fork_steps.hpp"
#include "programs/program.hpp"

namespace filch_programs {

/// What a body throws.
struct raised {
  std::uint64_t number;
};

template <class Machine>
class interpreter {
 public:
  using future = typename Machine::future;
  using group = typename Machine::group;

  explicit interpreter(Machine& machine) : machine_(machine) {}

  /// Runs a body that begins with a number and perhaps a future. Throws raised.
  std::uint64_t run(const body& of, std::uint64_t first, std::optional<future> given = std::nullopt) {
    machine_.ran(of.id);
    frame own{first, {}, machine_.make_group(), of.is_of_a_task};
    if (given) {
      own.futures.push_back(std::move(*given));
      own.sum = mix(own.sum, take(own, 0));
    }
    for (const step& each : of.steps) perform(each, own);
    return own.sum;
  }

 private:
  struct frame {
    std::uint64_t sum;
    std::vector<future> futures;
    group children;
    bool is_of_a_task;
  };

  static std::uint64_t mix(std::uint64_t sum, std::uint64_t number) noexcept { return sum * 31 + number + 1; }

  void perform(const step& each, frame& own) {
    const bool has_future = !own.futures.empty();
    const std::size_t which = has_future ? each.number % own.futures.size() : 0;
    switch (each.what) {
      case op::add: own.sum = mix(own.sum, each.number); break;
      case op::submit: own.futures.push_back(machine_.submit({each.rank, own.children}, child(each))); break;
      case op::post: machine_.post({each.rank, own.children}, child(each)); break;
      case op::bulk:
        for (future& one : machine_.bulk({each.rank, own.children}, each.number, child_of_many(each)))
          own.futures.push_back(std::move(one));
        break;
      case op::post_bulk: machine_.post_bulk({each.rank, own.children}, each.number, child_of_many(each)); break;
      case op::get:
        if (has_future) own.sum = mix(own.sum, take(own, which));
        break;
      case op::help:
        if (has_future) own.sum = mix(own.sum, take(own, which, true));
        break;
      case op::wait:
        if (has_future) machine_.wait(own.futures[which]);
        break;
      case op::wait_for:
        if (has_future) machine_.wait_for(own.futures[which]);
        break;
      case op::drop:
        if (has_future) (void)remove(own, which);
        break;
      case op::give:
        if (has_future)
          own.futures.push_back(machine_.submit({each.rank, own.children}, child_with(each, remove(own, which))));
        else
          own.futures.push_back(machine_.submit({each.rank, own.children}, child(each)));
        break;
      case op::cancel:
        if (has_future) machine_.cancel(own.futures[which]);
        break;
      case op::stop: machine_.stop(own.children); break;
      case op::later:
        own.futures.push_back(machine_.later({each.rank, own.children}, each.number, child(each)));
        break;
      case op::limit: own.futures.push_back(machine_.limit({each.rank, own.children}, child(each))); break;
      case op::admit:
        for (std::uint32_t i = 0; i != each.how; ++i)
          own.futures.push_back(
              machine_.admit({each.rank, own.children}, passage(each.number), !own.is_of_a_task, child(each)));
        break;
      case op::pull: own.sum = mix(own.sum, pull(each, own)); break;
      case op::nest: own.sum = mix(own.sum, nest(each.number)); break;
      case op::together: own.sum = mix(own.sum, together(each)); break;
      case op::resize: machine_.resize(each.number); break;
      case op::raise: throw raised{each.number};
      case op::yield:
      case op::count_: std::this_thread::yield(); break;
    }
  }

  auto child(const step& each) {
    return [this, of = each.child] { return run(*of, 0); };
  }
  auto child_of_many(const step& each) {
    return [this, of = each.child](std::uint64_t i) { return run(*of, i); };
  }
  auto child_with(const step& each, future given) {
    return [this, of = each.child, inherited = std::move(given)]() mutable {
      return run(*of, 0, std::optional<future>(std::move(inherited)));
    };
  }

  static future remove(frame& own, std::size_t which) {
    future taken = std::move(own.futures[which]);
    own.futures.erase(own.futures.begin() + static_cast<std::ptrdiff_t>(which));
    return taken;
  }

  std::uint64_t take(frame& own, std::size_t which, bool helping = false) {
    future taken = remove(own, which);
    return value_of([&] { return helping ? machine_.help(taken) : machine_.get(taken); });
  }

  template <class Get>
  std::uint64_t value_of(const Get& get) {
    try {
      return get();
    } catch (const raised& thrown) {
      return 1'000 + thrown.number;
    } catch (const filch::task_cancelled&) {
      return machine_.lost();
    } catch (const filch::too_many_blocked&) {
      return machine_.lost();
    }
  }

  // Comes to the same in whatever order they come.
  std::uint64_t pull(const step& each, frame& own) {
    const pulling wanted(each.number, each.how);
    std::uint64_t sum = 0;
    machine_.pull({each.rank, own.children}, wanted, child_of_many(each), [&](std::uint64_t index, const auto& get) {
      const std::uint64_t value = value_of(get);
      sum += wanted.any_may_come() ? 1 : mix(mix(1, index), value);
    });
    return sum;
  }

  // Each has a place of its own for what it comes to.
  std::uint64_t together(const step& each) {
    std::vector<std::uint64_t> values(each.number);
    const auto one = child_of_many(each);
    machine_.together(static_cast<side_by_side>(each.how), each.number,
                      [&](std::uint32_t index) { values[index] = value_of([&] { return one(index); }); });
    std::uint64_t sum = 0;
    for (const std::uint64_t value : values) sum = mix(sum, value);
    return sum;
  }

  std::uint64_t nest(std::uint32_t links) {
    if (links == 0) return 7;
    future inner = machine_.submit({filch::priority::normal, machine_.make_group()}, [this, links] { return nest(links - 1); });
    return mix(links, value_of([&] { return machine_.get(inner); }));
  }

  Machine& machine_;
};

}  // namespace filch_programs
