// filch for who waits from outside and offers its own thread.
#include <utility>

#include <filch/filch.hpp>

#include "suite/program.hpp"

namespace {

class filch_help_runtime {
 public:
  static constexpr const char* name = "filch_help";

  explicit filch_help_runtime(unsigned threads) : pool_({.workers = threads}) {}

  template <class F>
  auto round_trip(F&& call) {
    return pool_.submit(std::forward<F>(call)).get(filch::help);
  }

 private:
  filch::scheduler pool_;
};

}  // namespace

int main(int argc, char** argv) { return suite::program<filch_help_runtime>(argc, argv); }
