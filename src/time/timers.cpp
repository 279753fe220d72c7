// Waiting in order, and handing over in time.
#include "time/timers.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

#include <filch/detail/base/checked_build.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/time/virtual_clock.hpp>

#include "task/same_process.hpp"
#include "time/timers_of.hpp"

namespace filch::inline v0_1::detail {

namespace {

// How long the thread waits before it tries again what had no memory, or what a pool refuses that is just being closed.
constexpr std::chrono::milliseconds patience{1};

// The least time that the thread sleeps once it has looked: of what is due every microsecond a few are handed over together.
constexpr std::chrono::microseconds shortest_sleep{20};

// What is due at the end of all time never is, also by a clock that has been moved there.
bool is_due(steady_time due, steady_time now) noexcept { return due <= now && due != steady_time::max(); }

}  // namespace

timed_entry::timed_entry(entry_kind kind) : kind_(kind) {
  timer_map alone;
  alone.emplace(timer_key{}, this);
  place_ = alone.extract(alone.begin());
}

constinit thread_local bool timers::acts_here_ = false;

timers& make_timers_of(const scheduler& pool) {
  pool_core& core = scheduler_access::core(pool);
  require_same_process(core.generation());
  return static_cast<timers&>(
      core.service([](pool_core& owner) { return std::unique_ptr<pool_service>(std::make_unique<timers>(owner)); }));
}

pool_timers timers_of(const scheduler& pool) {
  timers& all = make_timers_of(pool);
  all.require_thread();
  return {all, all.pool()};
}

steady_time pool_timers::now() const noexcept { return in.now(); }

timers::~timers() {
  if (clock_ != nullptr) clock_->remove_user(*this);
}

steady_time timers::now() const noexcept { return clock_ == nullptr ? std::chrono::steady_clock::now() : clock_->now(); }

void timers::require_thread() {
  const std::scoped_lock lock(mutex_);
  if (started_) return;
  pool_.enqueue(nullptr, 0);  // throws where nothing could be added
  thread_.start(&thread_main, this, pool_.decided().options.stack_size);
  started_ = true;
}

void timers::use(virtual_clock& clock) {
  const std::scoped_lock lock(mutex_);
  if (started_ || clock_ != nullptr)
    throw std::invalid_argument(
        "filch: use_clock() comes too late, the pool has had a timer or has a clock: call it right after making the pool");
  clock_ = &clock;
}

void timers::catch_up() {
  std::unique_lock lock(mutex_);
  const std::uint32_t asked = ++passes_asked_;
  wake();
  while (started_ && mode_ != mode::stopped) {
    const std::uint32_t made = passes_made_.load(std::memory_order_relaxed);
    if (static_cast<std::int32_t>(made - asked) >= 0) return;
    lock.unlock();
    futex_wait(passes_made_, made);
    lock.lock();
  }
}

void timers::add(timed_entry& entry, steady_time due) noexcept {
  {
    const std::scoped_lock lock(mutex_);
    if (takes_tasks()) return insert(entry, due);
  }
  entry.end();
}

bool timers::withdraw(timed_entry& entry) noexcept {
  const std::scoped_lock lock(mutex_);
  return withdraw_locked(entry);
}

bool timers::withdraw_locked(timed_entry& entry) noexcept {
  if (!entry.waits_) return false;
  remove(entry);
  return true;
}

void timers::insert(timed_entry& entry, steady_time due) noexcept {
  entry.place_.key() = {due, ++added_};
  put(entry);
  if (entry.at_ == waiting_.begin()) wake();
}

void timers::put(timed_entry& entry) noexcept {
  entry.at_ = waiting_.insert(std::move(entry.place_)).position;
  entry.waits_ = true;
}

void timers::remove(timed_entry& entry) noexcept {
  entry.place_ = waiting_.extract(entry.at_);
  entry.waits_ = false;
}

// Under the lock, like everything the thread decides by: it looks at the word again before it sleeps.
void timers::wake() noexcept {
  if (!std::exchange(asleep_, false)) return;
  epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  futex_wake_one(&epoch_);
}

void timers::thread_main(void* self) noexcept { static_cast<timers*>(self)->main(); }

void timers::main() noexcept {
  name_this_thread(pool_.decided().options.name, "timer");
  pool_.bind_service_thread();
  wait_punctually();
  std::unique_lock lock(mutex_);
  while (mode_ != mode::stopped) {
    const pass made = hand_over_what_is_due();
    if (made.acts != nullptr) {
      act(*made.acts, lock);
      continue;
    }
    tell_passes();
    sleep(made.next, lock);
  }
}

void timers::tell_passes() noexcept {
  if (passes_made_.load(std::memory_order_relaxed) == passes_asked_) return;
  passes_made_.store(passes_asked_, std::memory_order_relaxed);
  futex_wake_all(&passes_made_);
}

// Ends early at one that acts: the lock is given back for that, so the map, the clock and the mode may be others afterwards,
// and the pass begins anew. Who cannot be handed over keeps nobody else waiting.
timers::pass timers::hand_over_what_is_due() noexcept {
  const steady_time time = now();
  bool all = true;
  auto next = waiting_.begin();
  while (next != waiting_.end() && is_due(next->first.due, time)) {
    timed_entry* const entry = (next++)->second;
    const std::optional<after_due> done = hand_over(*entry);
    if (done && done->what == after_due::kind::acts) return {entry, std::nullopt};
    all = all && done.has_value();
  }
  if (!all) return {nullptr, std::chrono::steady_clock::now() + patience};
  next = waiting_.begin();
  if (next == waiting_.end() || next->first.due == steady_time::max() || clock_ != nullptr) return {nullptr, std::nullopt};
  return {nullptr, std::max(next->first.due, time + shortest_sleep)};
}

void timers::act(timed_entry& entry, std::unique_lock<std::mutex>& lock) noexcept {
  lock.unlock();
  acts_here_ = true;
  entry.act();
  acts_here_ = false;
  lock.lock();
}

// Whoever shuts the pool down never finds an entry between the two places: the lock is held until it is in the pool's queue.
std::optional<after_due> timers::hand_over(timed_entry& entry) noexcept {
  remove(entry);
  try {
    const after_due done = entry.come_due();
    if (done.what == after_due::kind::waits) insert(entry, done.again);
    return done;
  } catch (...) {
    put(entry);
    return std::nullopt;
  }
}

void timers::sleep(std::optional<steady_time> until, std::unique_lock<std::mutex>& lock) noexcept {
  const std::uint32_t seen = epoch_.load(std::memory_order_relaxed);
  asleep_ = true;
  lock.unlock();
  futex_wait(epoch_, seen, until);
  lock.lock();
  asleep_ = false;
}

void timers::drain() noexcept { end_all(mode::draining); }

void timers::cancel() noexcept { end_all(mode::cancelling); }

// One walk, and no lock while one ends. What is added meanwhile behind this place does not end by this mode.
void timers::end_all(mode by) noexcept {
  timer_key last{steady_time::min(), 0};
  while (timed_entry* const next = take_next_that_ends(by, last)) next->end();
}

// What repeats is no task, so nobody would wait for its end: it is counted as one from here on.
timed_entry* timers::take_next_that_ends(mode by, timer_key& last) noexcept {
  const std::scoped_lock lock(mutex_);
  mode_ = std::max(mode_, by);
  for (auto each = waiting_.upper_bound(last); each != waiting_.end(); ++each) {
    timed_entry& entry = *each->second;
    if (entry.kind_ == entry_kind::alarm || (by < mode::cancelling && entry.kind_ == entry_kind::once)) continue;
    last = each->first;
    remove(entry);
    if (entry.kind_ == entry_kind::repeats) pool_.reserve_regardless();
    return &entry;
  }
  return nullptr;
}

// The pool is idle and closed, so nothing waits here and nothing will.
void timers::stop() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(mode_, mode::stopped) == mode::stopped) return;
    confirm(waiting_.empty(), "a pool ends before what waits for its time");
    wake();
    tell_passes();
  }
  if (started_) thread_.join();
}

}  // namespace filch::inline v0_1::detail
