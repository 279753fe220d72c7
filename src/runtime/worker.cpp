// A worker from the start of its thread to the end.
#include "runtime/worker.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>

#include <filch/runtime/this_worker.hpp>

#include "base/stack_room.hpp"
#include "runtime/pool_core.hpp"

namespace filch::inline v0_1 {

namespace detail {

namespace {
// Room for a share of the injection queue, or for a whole ring.
std::size_t batch_capacity(std::size_t deque_capacity) { return std::max(worker::largest_batch, deque_capacity); }

// A thief that takes the bias away pays for a heavy fence, some us, and interrupts those who work; the bias saves its owner the
// fence of each pop, 5 ns. Without asymmetric fences there is nothing to save.
unsigned calm_pops() noexcept { return fences_are_asymmetric.load(std::memory_order_relaxed) ? 1000 : 0; }

// For those who have to look at more than one word, or to pass a full fence before: it sends them the long way.
const idle_word<>& never_empty_word() {
  static const struct searched : idle_word<> {
    searched() { add_searcher(); }
  } word;
  return word;
}

const idle_word<>& word_for_forks(pool_core& pool) {
  return pool.group_count() == 1 && fences_are_asymmetric.load(std::memory_order_relaxed) ? pool.word(0) : never_empty_word();
}
}  // namespace

constinit thread_local worker* this_thread_worker = nullptr;

worker::worker(pool_core& pool, unsigned index, idle_seat seat)
    : fork_context(pool, std::make_unique<deque_ring<task_node>::slot[]>(pool.decided().options.deque_capacity),
                   pool.decided().options.deque_capacity, calm_pops(), word_for_forks(pool)),
      pool_(pool),
      index_(index),
      seat_(seat),
      place_(spare_word<>::place_of(index)),
      batch_(std::make_unique<task_node*[]>(batch_capacity(pool.decided().options.deque_capacity))),
      consumer_(pool.injection()),
      lane_consumers_{injection::consumer(pool.lane(priority::high).queue()),
                      injection::consumer(pool.lane(priority::low).queue())} {
  slab_ = slab::create(&pool.bell(), pool.decided().memory);
}

worker::~worker() { slab_->orphan(); }

bool worker::is_spare() const noexcept { return index_ >= pool_.most_workers(); }

bool worker::is_of_the_first() const noexcept { return index_ < pool_.decided().first_workers; }

void worker::start() {
  started_ = true;
  try {
    thread_.start(&thread_main, this, pool_.decided().options.stack_size);
  } catch (...) {
    started_ = false;
    throw;
  }
}

void worker::join() noexcept {
  if (started_) thread_.join();
}

void worker::thread_main(void* self) noexcept { static_cast<worker*>(self)->main(); }

void worker::main() noexcept {
  if (!take_place()) return;
  runs_tasks_ = true;
  this_thread_forks = this;
  task_node* task = is_of_the_first() ? next_task() : first_task_after_dormancy();
  for (; task != nullptr; task = next_task()) run_entry(task);
  this_thread_forks = nullptr;
  runs_tasks_ = false;
  leave_place();
}

task_node* worker::next_task() noexcept {
  if (!is_one_too_many()) return find_own_or_search();
  ended_.tell();
  return stand_down();
}

task_node* worker::find_own_or_search() noexcept {
  if (task_node* const own = find_own(); own != nullptr) return own;
  ended_.tell();
  return search();
}

// False when the start hook threw: the constructor has the exception, and this thread ends.
bool worker::take_place() noexcept {
  this_thread_worker = this;
  take_role(this);
  this_thread_slab = slab_;
  const stack_limits limits = limits_of_this_stack();
  stack_reserve_ = limits.reserve;
  half_reserve_ = limits.half_reserve;
  name_this_thread(pool_.decided().options.name, index_);
  std::exception_ptr error;
  try {
    bind();
  } catch (...) {  // no memory to say where it runs; one that nobody waits for runs where it was born
    if (is_of_the_first()) error = std::current_exception();
  }
  try {
    if (!error && pool_.decided().options.on_worker_start) pool_.decided().options.on_worker_start(info_);
  } catch (...) {
    error = std::current_exception();
  }
  const bool failed = error != nullptr;
  if (!is_of_the_first() && failed) {
    std::fputs(
        "filch: on_worker_start threw on a spare or on a worker that came later, where no constructor waits for it: catch the "
        "exception in the hook\n",
        stderr);
    std::terminate();
  }
  if (!is_of_the_first()) return true;
  pool_.gate().arrive(std::move(error));
  return !failed;
}

void worker::leave_place() noexcept {
  if (pool_.decided().options.on_worker_stop) pool_.decided().options.on_worker_stop(info_);
}

// A plan without pinning leaves the thread where it was born. Failure is a line in describe(), never an exception.
void worker::bind() {
  const placement_plan& plan = pool_.decided().plan;
  info_.index = index_;
  info_.spare = is_spare();
  info_.numa_node = plan.workers[is_spare() ? 0 : index_].numa_node;
  if (plan.applied == pinning::none)
    binding_ = {bind_outcome::bound, current_thread_cpus(), {}};
  else
    binding_ = bind_current_thread(is_spare() ? plan.spare_cpus : plan.workers[index_].cpus);
  info_.cpus = binding_.now;
  in_place_.store(true, std::memory_order_release);  // [B4] pairs with [B3]
}

}  // namespace detail

std::optional<unsigned> this_worker() noexcept {
  const detail::worker* const own = detail::this_thread_worker;
  return own == nullptr || !own->pool().is_this_process() ? std::nullopt : std::optional(own->index());
}

}  // namespace filch::inline v0_1
