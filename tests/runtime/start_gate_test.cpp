// Who waits for the workers goes on when the last has arrived, and learns what went wrong.
#include "runtime/start_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using filch::detail::start_gate;

std::string message_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
}

TEST(start_gate, none_need_not_be_awaited) {
  start_gate gate;
  EXPECT_EQ(gate.wait_for(0), nullptr);
}

/// Waits for a gate on a thread of its own.
struct waiter {
  waiter(start_gate& gate, unsigned workers)
      : thread([this, &gate, workers] {
          error = gate.wait_for(workers);
          open = true;
        }) {}

  /// It would be open by now if it were to open.
  [[nodiscard]] bool is_still_shut() const {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return !open;
  }

  std::exception_ptr error;
  std::atomic<bool> open{false};
  std::jthread thread;
};

TEST(start_gate, it_opens_when_all_have_arrived) {
  start_gate gate;
  waiter waits(gate, 8);
  for (int i = 0; i != 7; ++i) std::thread([&] { gate.arrive(nullptr); }).join();
  EXPECT_TRUE(waits.is_still_shut());
  std::thread([&] { gate.arrive(nullptr); }).join();
  waits.thread.join();
  EXPECT_EQ(waits.error, nullptr);
}

TEST(start_gate, of_several_errors_the_first_comes_out_once_all_have_arrived) {
  start_gate gate;
  waiter waits(gate, 3);
  gate.arrive(std::make_exception_ptr(std::runtime_error("first")));
  gate.arrive(std::make_exception_ptr(std::runtime_error("second")));
  EXPECT_TRUE(waits.is_still_shut()) << "who threw is joined with the others";
  gate.arrive(nullptr);
  waits.thread.join();
  EXPECT_EQ(message_of(waits.error), "first");
}

}  // namespace
