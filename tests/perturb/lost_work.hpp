// Watches pools for a lost wake-up: work lies in a queue while a worker is parked and nobody searches, for a whole second.
#pragma once

#include <filch/runtime/scheduler.hpp>

namespace filch_perturb {

/// Watches a pool while it lives. When work is lost, says so on stderr with all words of the pool and the last point of each
/// thread, and ends the process.
class lost_work_watch {
 public:
  explicit lost_work_watch(const filch::scheduler& pool);
  ~lost_work_watch();
  lost_work_watch(const lost_work_watch&) = delete;
  lost_work_watch& operator=(const lost_work_watch&) = delete;

 private:
  const filch::scheduler& pool_;
};

/// Whether it looks as if work were lost, this very moment.
[[nodiscard]] bool looks_lost(const filch::scheduler& pool);

}  // namespace filch_perturb
