// The end of a callable that is not called.
#include <filch/detail/task/run_callable.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

TEST(destroy_unrun, what_one_destructor_throws_is_dropped_and_the_others_have_their_turn) {
  std::string order;
  const auto first = [&] { order += '1'; };
  const auto second = [&] {
    order += '2';
    throw std::runtime_error("out of a destructor");
  };
  const auto third = [&] { order += '3'; };
  filch::detail::destroy_unrun(first, second, third);
  EXPECT_EQ(order, "123");
}

}  // namespace
