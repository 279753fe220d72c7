// filch's loops.
#pragma once

#if __has_include(<filch/algorithm/parallel_for.hpp>)
#include <filch/algorithm/parallel_for.hpp>

namespace suite {

struct filch_loops {
  template <class F>
  static void parallel_for(long first, long last, const F& body) {
    filch::parallel_for(first, last, body);
  }
};

}  // namespace suite
#else
namespace suite {
struct filch_loops {};
}  // namespace suite
#endif
