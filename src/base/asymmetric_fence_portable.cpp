// The back end where no system call runs a fence on other threads: both sides are full fences.
#include <filch/detail/base/asymmetric_fence.hpp>

namespace filch::inline v0_1::detail {

constinit std::atomic<bool> fences_are_asymmetric{false};

void prepare_heavy_fences() noexcept {}

void heavy_fence() noexcept { full_fence(); }

}  // namespace filch::inline v0_1::detail
