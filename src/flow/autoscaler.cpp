// Looking at a pool again and again, and resizing it. Who may touch what when: src/flow/README.md.
#include <filch/flow/autoscaler.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include <filch/detail/base/process_generation.hpp>
#include <filch/detail/base/reference_count.hpp>
#include <filch/detail/time/pool_timers.hpp>
#include <filch/detail/time/timed_entry.hpp>
#include <filch/runtime/scheduler.hpp>
#include <filch/task/errors.hpp>

#include "flow/scale_rule.hpp"
#include "runtime/pool_core.hpp"
#include "time/timers.hpp"
#include "time/timers_of.hpp"

namespace filch::inline v0_1 {

namespace detail {

/// Two hold it: the autoscaler, and the timers until it is over. And who makes a look.
class scaling final : private timed_entry {
 public:
  scaling(timers& in, const scale_plan& plan)
      : timed_entry(entry_kind::watches), timers_(in), pool_(in.pool()), rule_(plan) {}

  /// Throws std::invalid_argument where there is one already.
  void start(steady_time::duration interval);
  /// The autoscaler goes. No look is being made afterwards, and none will be.
  void stop() noexcept;

 private:
  after_due come_due() override;
  void act() noexcept override;
  void end() noexcept override;

  void look() noexcept;
  [[nodiscard]] bool wait_for_next_look() noexcept;
  void leave_timers() noexcept;
  void drop() noexcept;

  timers& timers_;
  pool_core& pool_;
  const std::uint32_t generation_ = process_generation();
  std::mutex mutex_;  // before that of the timers
  scale_rule rule_;  // under it, as all below
  bool stopped_ = false;
  bool over_ = false;  // the timers know it no longer, and may be gone
  reference_count<> holders_{2};
};

void scaling::start(steady_time::duration interval) {
  switch (timers_.let_watch(*this, interval)) {
    case timers::watch_outcome::watches: return;
    case timers::watch_outcome::pool_is_closed: pool_.refuse_to_resize();
    case timers::watch_outcome::pool_has_one: break;
  }
  throw std::invalid_argument("filch: the pool \"" + pool_.decided().options.name +
                              "\" has an autoscaler already: destroy that one before you make another");
}

// While it is not over nobody can end the pool: who drains it waits for the mutex. A look that is about to be made finds that
// it is stopped; the pool may have another autoscaler by then. In a child made by fork() the mutex may be held by nobody.
void scaling::stop() noexcept {
  if (generation_ != process_generation()) return;
  bool out = false;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    if (!over_) {
      timers_.end_watch(*this);
      out = timers_.withdraw(*this);
    }
    over_ = over_ || out;
  }
  if (out) drop();
  drop();
}

// The timer thread, under the lock of the timers, which hold a share still.
after_due scaling::come_due() {
  holders_.add();
  return {after_due::kind::acts, {}};
}

void scaling::act() noexcept {
  bool waits = false;
  {
    const std::scoped_lock lock(mutex_);
    if (!stopped_) look();
    waits = !stopped_ && wait_for_next_look();
    if (!waits) leave_timers();
  }
  if (!waits) drop();
  drop();
}

// Whoever closes the pool, and has taken it out.
void scaling::end() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    leave_timers();
  }
  drop();
}

void scaling::look() noexcept {
  const unsigned workers = pool_.worker_count();
  const unsigned size = rule_.size_after(workers, pool_.load(), timers_.now());
  if (size == workers) return;
  try {
    pool_.resize(size);
  } catch (const std::exception&) {  // closed, or there is no thread or no memory for more: perhaps next time
  }
}

// A pool of its least size that sleeps needs no look: nothing can become of it. Who resizes it from here on finds the entry
// asleep; who did before is seen here, since he has passed the lock of the timers meanwhile.
bool scaling::wait_for_next_look() noexcept {
  if (pool_.worker_count() > rule_.least()) return timers_.watch_on(*this);
  if (pool_.load().idle != 0) rule_.pause();
  if (!timers_.sleep_on(*this)) return false;
  if (pool_.worker_count() != rule_.least()) timers_.work_has_come();
  return true;
}

void scaling::leave_timers() noexcept {
  over_ = true;
  timers_.end_watch(*this);
}

void scaling::drop() noexcept {
  if (holders_.drop() == drop_outcome::last) delete this;
}

namespace {

[[noreturn]] void refuse_option(const std::string& option, const std::string& given, const std::string& right) {
  throw std::invalid_argument("filch: autoscale_options::" + option + " is " + given + ": it must be " + right);
}

std::string in_nanoseconds(std::chrono::nanoseconds duration) { return std::to_string(duration.count()) + " ns"; }

scale_plan check_scaling(const autoscale_options& options, unsigned most_of_pool) {
  using namespace std::chrono_literals;
  const std::int64_t most = options.max_workers.value_or(most_of_pool);
  if (most < 1 || most > most_of_pool)
    refuse_option("max_workers", std::to_string(most),
                  "1 to " + std::to_string(most_of_pool) + ", or raise scheduler_options::max_workers");
  if (options.min_workers < 1 || options.min_workers > most)
    refuse_option("min_workers", std::to_string(options.min_workers), "1 to " + std::to_string(most));
  if (options.delay < 1ms || options.delay > 1h)
    refuse_option("delay", in_nanoseconds(options.delay), "between a millisecond and an hour");
  if (options.calm < options.delay || options.calm > 366 * 24h)
    refuse_option("calm", in_nanoseconds(options.calm), "as long as autoscale_options::delay or longer, up to a year");
  return {static_cast<unsigned>(options.min_workers), static_cast<unsigned>(most), options.delay, options.calm};
}

}  // namespace

scaling* begin_scaling(scheduler& pool, const autoscale_options& options) {
  pool_core& core = scheduler_access::core(pool);
  const scale_plan plan = check_scaling(options, core.most_workers());
  if (core.is_closed()) core.refuse_to_resize();
  auto made = std::make_unique<scaling>(timers_of(pool).in, plan);
  made->start(plan.delay);
  scaling* const started = made.release();
  try {
    core.resize(std::clamp(core.worker_count(), plan.least, plan.most));
  } catch (...) {
    started->stop();
    throw;
  }
  return started;
}

}  // namespace detail

autoscaler::autoscaler(scheduler& pool, const autoscale_options& options)
    : scaling_(detail::begin_scaling(pool, options)) {}

autoscaler::~autoscaler() { scaling_->stop(); }

}  // namespace filch::inline v0_1
