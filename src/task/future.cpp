// The sentence for a future that has no task.
#include <filch/task/future.hpp>

#include <string>

namespace filch::inline v0_1::detail {

void throw_no_state(const char* operation) {
  throw no_future_state("filch: future::" + std::string(operation) +
                        "() on an empty future: it was default-constructed or moved from, or get() has been called "
                        "already; get() may be called once, so keep its result");
}

}  // namespace filch::inline v0_1::detail
