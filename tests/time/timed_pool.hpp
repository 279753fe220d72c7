// A pool whose time stands still until a test moves it.
#pragma once

#include "runtime/pool_fixture.hpp"

namespace filch_tests {

class timed_pool_test : public shaped_pool_test {
 protected:
  filch::scheduler& make_timed_pool() {
    filch::scheduler& pool = make_shaped_pool();
    filch::use_clock(pool, clock);
    return pool;
  }

  /// Whether a pool takes nothing from outside any more.
  [[nodiscard]] static bool is_closed(filch::scheduler& pool) {
    try {
      pool.post([] {});
      return false;
    } catch (const filch::closed&) {
      return true;
    }
  }

  filch::virtual_clock clock;  // goes after the pools
};

}  // namespace filch_tests
