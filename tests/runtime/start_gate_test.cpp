// Who waits for the workers goes on when the last has arrived, and learns what went wrong.
#include "runtime/start_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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

TEST(start_gate, it_opens_when_all_have_arrived) {
  start_gate gate;
  std::atomic<int> arrived{0};
  std::vector<std::jthread> workers;
  for (int i = 0; i != 8; ++i)
    workers.emplace_back([&] {
      arrived.fetch_add(1);
      gate.arrive(nullptr);
    });
  EXPECT_EQ(gate.wait_for(8), nullptr);
  EXPECT_EQ(arrived.load(), 8);
}

TEST(start_gate, of_several_errors_the_first_comes_out_once_all_have_arrived) {
  start_gate gate;
  gate.arrive(nullptr);
  gate.arrive(std::make_exception_ptr(std::runtime_error("first")));
  gate.arrive(std::make_exception_ptr(std::runtime_error("second")));
  EXPECT_EQ(message_of(gate.wait_for(3)), "first");
}

}  // namespace
