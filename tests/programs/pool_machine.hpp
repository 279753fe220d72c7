// What a pool does at each step of a program.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <ranges>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <filch/filch.hpp>

#include "programs/flow_steps.hpp"
#include "programs/fork_steps.hpp"
#include "programs/program.hpp"

namespace filch_programs {

using namespace std::chrono_literals;

class pool_machine {
 public:
  using future = filch::future<std::uint64_t>;

  using group = std::stop_source;
  struct manner {
    filch::priority rank;
    const group& of;
  };

  pool_machine(filch::scheduler& pool, const program& of)
      : pool_(pool),
        tokens_(of.tokens),
        most_workers_(of.workers + of.more_workers),
        runs_(std::make_unique<std::atomic<std::uint64_t>[]>(of.bodies)),
        doors_{door(of.places, gates[0]), door(of.places, gates[1]), door(of.places, gates[2])} {}

  template <class Call>
  future submit(manner how, Call&& call) {
    if (is_plain(how)) return pool_.submit(std::forward<Call>(call));
    return pool_.submit(options(how), std::forward<Call>(call));
  }
  template <class Call>
  future later(manner how, std::uint32_t microseconds, Call&& call) {
    if (microseconds % 2 == 0) return filch::submit_after(pool_, microseconds * 1us, options(how), std::forward<Call>(call));
    // By a job that fails at first, and waits for its second attempt.
    return filch::submit(pool_, retried({.task = options(how), .timeout = 1h}, microseconds * 1us),
                         guest<std::decay_t<Call>>{presence(nullptr), nullptr, true, std::forward<Call>(call)});
  }
  template <class Call>
  future limit(manner how, Call&& call) {
    return filch::submit(pool_, {.task = options(how), .limiter = &limiter_},
                         guest<std::decay_t<Call>>{presence(nullptr), &moments_, false, std::forward<Call>(call)});
  }
  template <class Call>
  future admit(manner how, passage through, bool from_outside, Call&& call) {
    door& at = doors_[through.gate];
    filch::job_options job{.task = options(how), .gate = &at.gate};
    if (through.limited) job.limiter = &limiter_;
    if (through.retried) job = retried(std::move(job), 20us);
    return enter(std::move(job), through.by,
                 guest<std::decay_t<Call>>{presence(from_outside && through.always_has_a_place() ? &at : nullptr),
                                           through.limited ? &moments_ : nullptr, through.retried, std::forward<Call>(call)});
  }
  template <class Call>
  void post(manner how, Call&& call) {
    if (is_plain(how)) return pool_.post(std::forward<Call>(call));
    pool_.post(options(how), std::forward<Call>(call));
  }
  template <class Call>
  std::vector<future> bulk(manner how, std::uint32_t many, const Call& call) {
    return pool_.submit_bulk(options(how), numbers(many), call);
  }
  template <class Call>
  void post_bulk(manner how, std::uint32_t many, const Call& call) {
    pool_.post_bulk(options(how), numbers(many), call);
  }
  // Where a worker cannot wait any more the stream is kept: leaving it would be a wait.
  template <class Call, class Visit>
  void pull(manner how, pulling wanted, const Call& call, const Visit& visit) {
    if (wanted.pulled == 0) return;
    auto results = filch::map(pool_, std::views::iota(std::uint64_t{0}, std::uint64_t{wanted.elements}), call,
                              {.order = wanted.order, .window = wanted.window, .task = options(how)});
    std::vector<bool> came(wanted.elements);
    std::uint32_t pulled = 0;
    try {
      for (auto& each : results) {
        if (!is_next(each.index(), pulled, wanted, came)) return note("an element of a stream came twice, or in another order");
        visit(each.index(), [&] { return each.value(); });
        if (++pulled == wanted.pulled && wanted.is_left()) return;
      }
    } catch (const filch::too_many_blocked&) {
      keep(std::move(results));
    } catch (const filch::closed&) {
      keep(std::move(results));
    }
    if (pulled != wanted.pulled) (void)lost();
  }
  template <class Call>
  void together(side_by_side how, std::uint32_t many, const Call& call) {
    try {
      run_side_by_side(pool_, how, many, call);
    } catch (const filch::task_cancelled&) {
      (void)lost();
    } catch (const filch::too_many_blocked&) {
      (void)lost();
    }
  }
  [[nodiscard]] group make_group() const { return tokens_ ? group() : group(std::nostopstate); }
  static void stop(group& of) { of.request_stop(); }
  void resize(std::uint32_t number) {
    try {
      pool_.resize(1 + number % most_workers_);
    } catch (const filch::closed&) {  // and keeps the size it has
    }
  }

  static std::uint64_t get(future& of) { return of.get(); }
  static std::uint64_t help(future& of) { return of.get(filch::help); }
  void wait(future& of) {
    try {
      of.wait();
    } catch (const filch::too_many_blocked&) {
      (void)lost();
    }
  }
  void wait_for(future& of) {
    try {
      (void)of.wait_for(1us);
    } catch (const filch::too_many_blocked&) {
      (void)lost();
    }
  }
  void cancel(future& of) {
    if (of.cancel()) (void)lost();
  }
  std::uint64_t lost() {
    something_was_lost = true;
    return 0;
  }
  void ran(std::size_t id) { runs_[id].fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t runs(std::size_t id) const { return runs_[id].load(); }

  /// When all is over: an empty string, or what is wrong.
  [[nodiscard]] std::string wrong() const {
    for (const door& each : doors_) {
      if (each.too_many) return "more of those from outside were admitted at once than a gate has places";
      if (each.gate.taken() != 0) return std::to_string(each.gate.taken()) + " places of a gate are taken after the end";
    }
    if (std::chrono::steady_clock::now() - limiter_made_ < (moments_.load() - burst) * interval)
      return "the limiter let them through too fast";
    return wrong_;
  }

  std::atomic<bool> something_was_lost{false};
  std::atomic<std::uint64_t> unhandled{0};
  std::atomic<bool> kept_a_stream{false};

 private:
  static constexpr std::int64_t burst = 4;
  static constexpr std::chrono::microseconds interval{10};

  /// A gate, and how many who came from outside are known to have a place.
  struct door {
    door(std::int64_t places, filch::when_full when) : gate({.capacity = places, .when_full = when}) {}
    filch::admission_gate gate;
    std::atomic<std::int64_t> inside{0};
    std::atomic<bool> too_many{false};
  };

  /// Lies in a callable that has a place, and dies before that is given back.
  struct presence {
    explicit presence(door* in) noexcept : at(in) {}
    presence(presence&& other) noexcept : at(std::exchange(other.at, nullptr)) {}
    ~presence() {
      if (at != nullptr) at->inside.fetch_sub(1);
    }
    door* at;
  };

  /// A child: what it needs and what it does before its body.
  template <class Call>
  struct guest {
    presence in;
    std::atomic<std::int64_t>* moments;
    bool fails;
    Call call;

    std::uint64_t operator()() {
      if (std::exchange(fails, false)) throw filch::task_cancelled(not_yet);
      if (moments != nullptr) moments->fetch_add(1);
      return call();
    }
  };

  // Who is refused still has the call, and submits it without a place.
  template <class Call>
  future enter(filch::job_options job, passage::entrance by, guest<Call> child) {
    door* const at = child.in.at;
    std::optional<future> made;
    switch (by) {
      case passage::entrance::try_submit:
        made = filch::try_submit(pool_, job, std::move(child));
        break;
      case passage::entrance::submit_for:
        made = filch::submit_for(pool_, job, 20us, std::move(child));
        break;
      default:
        try {
          made = filch::submit(pool_, job, std::move(child));
        } catch (const filch::rejected&) {
          break;
        }
    }
    if (made) {
      if (at != nullptr && at->inside.fetch_add(1) >= at->gate.capacity()) at->too_many = true;
      return std::move(*made);
    }
    child.in.at = nullptr;
    job.gate = nullptr;
    return filch::submit(pool_, job, std::move(child));
  }

  static filch::job_options retried(filch::job_options job, std::chrono::nanoseconds wait) {
    job.retry = {.attempts = 2, .wait = wait, .when = is_not_yet};
    return job;
  }

  static bool is_next(std::uint64_t index, std::uint32_t pulled, const pulling& wanted, std::vector<bool>& came) {
    if (index >= wanted.elements || came[index]) return false;
    came[index] = true;
    return wanted.order == filch::result_order::completion || index == pulled;
  }

  template <class Results>
  void keep(Results&& results) {
    const std::scoped_lock lock(mutex_);
    kept_.push_back(std::make_shared<Results>(std::move(results)));
    kept_a_stream = true;
  }
  void note(const char* what) {
    const std::scoped_lock lock(mutex_);
    if (wrong_.empty()) wrong_ = what;
  }

  // What a job throws at first: where it is stopped before its second attempt, this comes out, and means the same.
  static constexpr const char* not_yet = "not yet";
  static bool is_not_yet(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const filch::task_cancelled& cancelled) {
      return std::string_view(cancelled.what()) == not_yet;
    } catch (...) {
      return false;
    }
  }

  [[nodiscard]] bool is_plain(manner how) const { return !tokens_ && how.rank == filch::priority::normal; }
  static filch::task_options options(manner how) { return {.priority = how.rank, .stop = how.of.get_token()}; }
  static std::vector<std::uint64_t> numbers(std::uint32_t many) {
    std::vector<std::uint64_t> made(many);
    std::iota(made.begin(), made.end(), std::uint64_t{0});
    return made;
  }

  filch::scheduler& pool_;
  const bool tokens_;
  const unsigned most_workers_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> runs_;
  std::array<door, gates.size()> doors_;
  filch::rate_limiter limiter_{std::chrono::seconds(1) / interval, burst};
  const std::chrono::steady_clock::time_point limiter_made_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> moments_{0};  // that have come
  std::mutex mutex_;
  std::vector<std::shared_ptr<void>> kept_;
  std::string wrong_;
};

}  // namespace filch_programs
