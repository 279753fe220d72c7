// Watches pools for a lost wake-up: work lies in a queue while a worker is parked and nobody searches, for a whole second; or
// a worker is parked while its pool ends, for ten.
#pragma once

#include <filch/runtime/scheduler.hpp>

namespace filch_perturb {

/// Watches a pool while it lives. When work or the end is lost, says so on stderr with all words of the pool and the last point
/// of each thread, and ends the process.
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

/// Whether a worker is parked that has been told to end.
[[nodiscard]] bool is_parked_at_the_end(const filch::scheduler& pool);

}  // namespace filch_perturb
