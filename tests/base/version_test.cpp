// The version is said once: what the macros, the string and the function say must agree.
#include <filch/base/version.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(version, the_numbers_and_the_string_say_the_same) {
  const std::string numbers = std::to_string(FILCH_VERSION_MAJOR) + "." + std::to_string(FILCH_VERSION_MINOR) + "." +
                              std::to_string(FILCH_VERSION_PATCH);
  EXPECT_EQ(numbers, FILCH_VERSION_STRING);
  EXPECT_EQ(numbers, filch::version());
}

}  // namespace
