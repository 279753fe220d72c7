// A worker from the start of its thread to the end.
#include "runtime/worker.hpp"

#include <algorithm>
#include <exception>
#include <optional>

#include <filch/runtime/this_worker.hpp>

#include "runtime/pool_core.hpp"

namespace filch::inline v0_1 {

namespace detail {

namespace {
// Room for a share of the injection queue, or for half a ring.
std::size_t batch_capacity(std::size_t deque_capacity) { return std::max<std::size_t>(32, deque_capacity / 2); }
}  // namespace

constinit thread_local worker* this_thread_worker = nullptr;

worker::worker(pool_core& pool, unsigned index, idle_seat seat)
    : pool_(pool),
      index_(index),
      seat_(seat),
      ring_slots_(std::make_unique<deque_ring<task_node>::slot[]>(pool.decided().options.deque_capacity)),
      ring_(ring_slots_.get(), pool.decided().options.deque_capacity),
      deque_(ring_),
      thief_(ring_),
      batch_(std::make_unique<task_node*[]>(batch_capacity(pool.decided().options.deque_capacity))),
      consumer_(pool.injection()) {
  slab_ = slab::create();
}

worker::~worker() { slab_->orphan(); }

bool worker::is_spare() const noexcept { return index_ >= pool_.worker_count(); }

void worker::start_once(first_state state) {
  if (started_) return;
  first_state_ = state;
  thread_.start(&thread_main, this, pool_.decided().options.stack_size);
  started_ = true;
}

void worker::join() noexcept {
  if (started_) thread_.join();
}

void worker::thread_main(void* self) noexcept { static_cast<worker*>(self)->main(); }

void worker::main() noexcept {
  if (!take_place()) return;
  task_node* task = first_state_ == first_state::dormant ? first_task_of_spare() : next_task();
  for (; task != nullptr; task = next_task()) run_dequeued(*task);
  leave_place();
}

task_node* worker::next_task() noexcept {
  if (is_one_too_many()) return stand_down();
  if (task_node* const own = find_own(); own != nullptr) return own;
  return search();
}

// False when the start hook threw: the constructor has the exception, and this thread ends.
bool worker::take_place() noexcept {
  this_thread_worker = this;
  this_thread_role = this;
  this_thread_slab = slab_;
  name_this_thread(pool_.decided().options.name, index_);
  std::exception_ptr error;
  try {
    bind();
    if (pool_.decided().options.on_worker_start) pool_.decided().options.on_worker_start(info());
  } catch (...) {
    error = std::current_exception();
  }
  if (is_spare()) {
    if (error) pool_.handle_unhandled(error);
    return true;
  }
  const bool failed = error != nullptr;
  pool_.gate().arrive(std::move(error));
  return !failed;
}

void worker::leave_place() noexcept {
  if (pool_.decided().options.on_worker_stop) pool_.decided().options.on_worker_stop(info());
}

// A plan without pinning leaves the thread where it was born. Failure is a line in describe(), never an exception.
void worker::bind() {
  const placement_plan& plan = pool_.decided().plan;
  if (plan.applied == pinning::none)
    binding_ = {bind_outcome::bound, current_thread_cpus(), {}};
  else
    binding_ = bind_current_thread(is_spare() ? plan.spare_cpus : plan.workers[index_].cpus);
}

worker_info worker::info() const {
  const placement_plan& plan = pool_.decided().plan;
  const unsigned place = is_spare() ? 0 : index_;
  return {index_, is_spare(), binding_.now, plan.workers[place].numa_node};
}

}  // namespace detail

std::optional<unsigned> this_worker() noexcept {
  const detail::worker* const own = detail::this_thread_worker;
  return own == nullptr ? std::nullopt : std::optional(own->index());
}

}  // namespace filch::inline v0_1
