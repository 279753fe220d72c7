// A thread that the system does not give.
#include "runtime/thread.hpp"

#include <gtest/gtest.h>

#include <string>
#include <system_error>

namespace {

TEST(thread_test, a_stack_of_a_size_that_the_system_refuses_is_an_error_that_says_so) {
  filch::detail::thread refused;
  try {
    refused.start([](void*) noexcept {}, nullptr, 1);
    ADD_FAILURE() << "started";
    refused.join();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::invalid_argument);
    EXPECT_NE(std::string(error.what()).find("multiple of the page size"), std::string::npos) << error.what();
  }
}

}  // namespace
