// filch with workers that run where the system puts them.
#include <utility>

#include <filch/filch.hpp>

#include "suite/program.hpp"

namespace {

class filch_unpinned_runtime {
 public:
  static constexpr const char* name = "filch_unpinned";

  explicit filch_unpinned_runtime(unsigned threads) : pool_({.workers = threads, .pinning = filch::pinning::none}) {}

  template <class F>
  auto round_trip(F&& call) {
    return pool_.submit(std::forward<F>(call)).get();
  }

 private:
  filch::scheduler pool_;
};

}  // namespace

int main(int argc, char** argv) { return suite::program<filch_unpinned_runtime>(argc, argv); }
