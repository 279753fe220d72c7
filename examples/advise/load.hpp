// Work of a known kind: so much computing, so much waiting.
#pragma once

#include <chrono>

namespace advise {

struct load {
  std::chrono::microseconds computes;  // of one core that does nothing else
  std::chrono::microseconds waits;     // as for a disk or another machine
};

/// Keeps a core busy for about so long, whatever else runs there: by a number of steps that was measured once.
class spinner {
 public:
  /// Measures for some milliseconds.
  spinner();
  void compute(std::chrono::microseconds time) const;

 private:
  double steps_per_microsecond_;
};

}  // namespace advise
