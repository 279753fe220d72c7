// All forms for single objects, so that what one of them gives another takes back.
#include "runtime/allocation_probe.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace {

constinit thread_local filch_tests::at_next_aligned_allocation::action next_action = nullptr;
constinit thread_local void* next_context = nullptr;

void* allocate(std::size_t bytes, std::align_val_t alignment) noexcept {
  if (const auto action = std::exchange(next_action, nullptr); action != nullptr) action(next_context);
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
}

}  // namespace

void* operator new(std::size_t bytes, std::align_val_t alignment) {
  if (void* const memory = allocate(bytes, alignment); memory != nullptr) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(bytes, alignment);
}
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { std::free(memory); }

namespace filch_tests {

at_next_aligned_allocation::at_next_aligned_allocation(action what, void* context) noexcept {
  next_context = context;
  next_action = what;
}

at_next_aligned_allocation::~at_next_aligned_allocation() { next_action = nullptr; }

}  // namespace filch_tests
