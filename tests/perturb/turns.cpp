#include "perturb/turns.hpp"

#include "perturb/random.hpp"

namespace filch_perturb {

namespace {

constexpr std::uint32_t points_between_changes = 2'000;
// Every priority that is drawn is above all to which threads fell.
constexpr std::uint64_t lowest_drawn = std::uint64_t{1} << 62;

}  // namespace

void turns::draw(ticket& own) {
  own.priority = lowest_drawn + draw_from(own.random) % lowest_drawn;
  own.points_left = static_cast<std::uint32_t>(draw_from(own.random) % points_between_changes);
}

bool turns::pass(ticket& own) {
  own.steps.store(own.steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (own.priority.load(std::memory_order_relaxed) == 0) draw(own);
  if (own.points_left-- == 0) draw_from(own.random) % 4 == 0 ? draw(own) : fall_behind(own);
  if (holder_.load() == &own) {
    if (highest_waiting_.load(std::memory_order_relaxed) <= own.priority.load(std::memory_order_relaxed)) return false;
    leave(own);
    (void)take(own);
    return true;
  }
  return take(own);
}

void turns::fall_behind(ticket& own) {
  own.priority = lowest_.fetch_sub(1);
  own.points_left = static_cast<std::uint32_t>(draw_from(own.random) % points_between_changes);
}

void turns::leave(ticket& own) {
  if (holder_.load() != &own) return;
  const std::scoped_lock lock(mutex_);
  if (holder_.load() == &own) call_next();
}

bool turns::take(ticket& own) {
  std::unique_lock lock(mutex_);
  const bool is_free = holder_.load() == nullptr;
  waiting_.push_back(&own);
  if (is_free)
    call_next();
  else
    look_who_waits();
  wait_for_turn(own, lock);
  std::erase(waiting_, &own);
  look_who_waits();
  return !is_free;
}

// Who was called and is slow to come may lose the turn again, and still waits then.
void turns::wait_for_turn(ticket& own, std::unique_lock<std::mutex>& lock) {
  const ticket* stuck = nullptr;
  std::uint64_t stuck_at = 0;
  while (holder_.load() != &own) {
    if (own.called.wait_for(lock, patience_) == std::cv_status::no_timeout) continue;
    const ticket* const holder = holder_.load();
    if (holder == &own) return;
    if (holder != nullptr && (holder != stuck || holder->steps.load() != stuck_at)) {
      stuck = holder;
      stuck_at = holder->steps.load();
    } else {
      call_next();
    }
  }
}

ticket* turns::highest_of_the_others() const {
  ticket* highest = nullptr;
  for (ticket* const each : waiting_)
    if (each != holder_.load() && (highest == nullptr || each->priority.load() > highest->priority.load())) highest = each;
  return highest;
}

void turns::look_who_waits() {
  const ticket* const highest = highest_of_the_others();
  highest_waiting_ = highest == nullptr ? 0 : highest->priority.load();
}

void turns::call_next() {
  holder_ = highest_of_the_others();
  look_who_waits();
  if (ticket* const next = holder_.load(); next != nullptr) next->called.notify_one();
}

}  // namespace filch_perturb
