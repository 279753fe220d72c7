// Leasing: the remembered slot first, then the others, then a new block of them.
#include "runtime/submission_slots.hpp"

#include <memory>
#include <new>

namespace filch::inline v0_1::detail {

namespace {

// Threads that come into being one after another begin at different slots. A number, so it may be old or belong to
// another pool: it only says where to look first.
std::atomic<unsigned> next_first_slot{0};

unsigned& remembered_slot() noexcept {
  constexpr unsigned none = ~0U;
  constinit thread_local unsigned number = none;
  if (number == none) number = next_first_slot.fetch_add(1, std::memory_order_relaxed) % 4;
  return number;
}

}  // namespace

submission_slots::~submission_slots() {
  block* each = first_.next.load(std::memory_order_relaxed);
  while (each != nullptr) {
    const std::unique_ptr<block> dead(each);
    each = dead->next.load(std::memory_order_relaxed);
  }
}

slot_lease submission_slots::lease() noexcept {
  unsigned& remembered = remembered_slot();
  if (remembered < slots_in_a_block && first_.slots[remembered].mark.try_lease() == lease_outcome::leased)
    return slot_lease(first_.slots[remembered]);
  block* each = &first_;
  for (unsigned base = 0;; base += slots_in_a_block) {
    for (unsigned i = 0; i != slots_in_a_block; ++i)
      if (each->slots[i].mark.try_lease() == lease_outcome::leased) {
        remembered = base + i;
        return slot_lease(each->slots[i]);
      }
    each = block_after(*each);
    if (each != nullptr) continue;
    each = &first_;  // no memory for more: one of those that there are will be free in a moment
    base = 0U - slots_in_a_block;
    yielding_atomics::pause();
  }
}

submission_slots::block* submission_slots::block_after(block& last) noexcept {
  block* next = last.next.load(std::memory_order_seq_cst);  // [G7] pairs with [G6]: who sees the block sees it made
  if (next != nullptr) return next;
  std::unique_ptr<block> made(new (std::nothrow) block);
  // [G6] seq_cst compare-and-swap, pairs with the walk of wait_until_all_free(): a closer that does not see the block
  // had closed before, so whoever leases in it sees the flag.
  if (made == nullptr ||
      !last.next.compare_exchange_strong(next, made.get(), std::memory_order_seq_cst, std::memory_order_seq_cst))
    return next;
  return made.release();
}

void submission_slots::wait_until_all_free() const noexcept {
  for_each([](const submission_slot& slot) { slot.mark.wait_until_free(); });
}

void submission_slots::trim() noexcept {
  for (block* each = &first_; each != nullptr; each = each->next.load(std::memory_order_seq_cst))  // [G7]
    for (submission_slot& slot : each->slots) slot.trim();
}

void submission_slot::trim() noexcept {
  if (memory_held() <= slab::retained_bytes || mark.lease_or_call() == lease_outcome::busy) return;
  memory.load(std::memory_order_relaxed)->trim();
  leave();
}

// A slab that holds no more than it may keep is not watched, so that a call for it may go unheard.
void submission_slot::leave() noexcept {
  if (memory_held() <= slab::retained_bytes) return mark.release();
  while (!mark.release_unless_called()) memory.load(std::memory_order_relaxed)->trim();
}

}  // namespace filch::inline v0_1::detail
