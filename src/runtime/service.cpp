// The service of a pool: made once, by the first who needs it, and told what it has missed.
#include "runtime/pool_service.hpp"

#include <filch/topology/binding.hpp>

#include "runtime/pool_core.hpp"

namespace filch::inline v0_1::detail {

// Whoever closes or cancels sets its flag and then passes the lock: either it finds the service, or the maker finds the flag.
pool_service& pool_core::service(service_maker make) {
  // [V1] acquire load, pairs with [V2]: who sees the pointer sees the service.
  if (pool_service* const found = found_service_.load(std::memory_order_acquire); found != nullptr) return *found;
  const std::scoped_lock lock(making_service_);
  if (service_ == nullptr) {
    service_ = make(*this);
    if (closed_.is_closed()) service_->drain();
    if (cancelling()) service_->cancel();
    found_service_.store(service_.get(), std::memory_order_release);  // [V2]
  }
  return *service_;
}

pool_service* pool_core::service_if_any() noexcept {
  const std::scoped_lock lock(making_service_);
  return service_.get();
}

void pool_core::bind_service_thread() const noexcept {
  if (settings_.plan.applied != pinning::none) (void)bind_current_thread(settings_.plan.spare_cpus);
}

}  // namespace filch::inline v0_1::detail
