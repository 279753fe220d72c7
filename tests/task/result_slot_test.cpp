// Room for a value, a reference, nothing, or an exception.
#include <filch/detail/task/result_slot.hpp>

#include "task/fake_pool.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using filch::detail::result_slot;
using filch_tests::counted;

class result_slot_test : public testing::Test {
 protected:
  ~result_slot_test() override { EXPECT_EQ(counted::alive, before); }
  const int before = counted::alive;
};

std::exception_ptr error(const char* text) { return std::make_exception_ptr(std::runtime_error(text)); }

TEST_F(result_slot_test, an_empty_slot_destroys_nothing) {
  const result_slot<counted> empty;
  EXPECT_FALSE(empty.holds_exception());
}

TEST_F(result_slot_test, a_value_is_kept_and_moved_out) {
  result_slot<std::string> slot;
  slot.keep_result_of([] { return std::string(100, 'x'); });
  EXPECT_FALSE(slot.holds_exception());
  EXPECT_EQ(slot.take(), std::string(100, 'x'));
}

TEST_F(result_slot_test, a_value_is_constructed_in_place) {
  result_slot<counted> slot;
  int copies_left = 0;  // a single copy or move would throw
  slot.keep_result_of([&]() -> counted { return counted(&copies_left); });
  EXPECT_EQ(counted::alive, before + 1);
  EXPECT_FALSE(slot.holds_exception());
}

TEST_F(result_slot_test, nothing_is_a_result_too) {
  result_slot<void> slot;
  bool called = false;
  slot.keep_result_of([&] { called = true; });
  EXPECT_TRUE(called);
  EXPECT_FALSE(slot.holds_exception());
  slot.take();
}

TEST_F(result_slot_test, a_reference_stays_the_same_object) {
  int object = 1;
  result_slot<int&> slot;
  slot.keep_result_of([&]() -> int& { return object; });
  EXPECT_EQ(&slot.take(), &object);
  result_slot<const int&> constant;
  constant.keep_result_of([&]() -> const int& { return object; });
  EXPECT_EQ(&constant.take(), &object);
  result_slot<std::string&&> expiring;
  std::string text = "text";
  expiring.keep_result_of([&]() -> std::string&& { return std::move(text); });
  const std::string moved = expiring.take();
  EXPECT_EQ(moved, "text");
}

TEST_F(result_slot_test, what_can_only_be_moved_is_moved) {
  result_slot<std::unique_ptr<int>> slot;
  slot.keep_result_of([] { return std::make_unique<int>(5); });
  EXPECT_EQ(*slot.take(), 5);
}

TEST_F(result_slot_test, a_constant_result_and_one_with_an_address_operator_are_kept) {
  result_slot<const std::string> constant;
  constant.keep_result_of([]() -> const std::string { return "constant"; });
  EXPECT_EQ(constant.take(), "constant");
  struct no_address {
    int value;
    void operator&() const = delete;
  };
  result_slot<no_address> shy;
  shy.keep_result_of([] { return no_address{3}; });
  EXPECT_EQ(shy.take().value, 3);
}

TEST_F(result_slot_test, an_exception_is_rethrown) {
  result_slot<int> slot;
  slot.keep_exception(error("thrown"));
  EXPECT_TRUE(slot.holds_exception());
  EXPECT_THROW((void)slot.take(), std::runtime_error);
}

TEST_F(result_slot_test, an_exception_replaces_a_value_and_another_exception) {
  result_slot<counted> slot;
  slot.keep_result_of([] { return counted{}; });
  EXPECT_EQ(counted::alive, before + 1);
  slot.keep_exception(error("first"));
  EXPECT_EQ(counted::alive, before) << "the value is destroyed";
  slot.keep_exception(error("second"));
  try {
    (void)slot.take();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::runtime_error& thrown) {
    EXPECT_STREQ(thrown.what(), "second");
  }
}

TEST_F(result_slot_test, a_call_that_throws_keeps_nothing) {
  result_slot<counted> slot;
  EXPECT_THROW(slot.keep_result_of([]() -> counted { throw 1; }), int);
  EXPECT_FALSE(slot.holds_exception());
}

TEST_F(result_slot_test, a_taken_exception_is_no_longer_shared) {
  std::weak_ptr<int> watch;
  {
    struct carries {
      std::shared_ptr<int> load;
    };
    result_slot<int> slot;
    {
      auto load = std::make_shared<int>(1);
      watch = load;
      slot.keep_exception(std::make_exception_ptr(carries{std::move(load)}));
    }
    EXPECT_THROW((void)slot.take(), carries);
    EXPECT_TRUE(watch.expired()) << "the slot still holds what its taker has handled";
  }
}

TEST_F(result_slot_test, an_exception_may_be_taken_without_being_thrown_and_a_value_where_it_is) {
  result_slot<std::string> slot;
  slot.keep_exception(error("one"));
  EXPECT_THROW(std::rethrow_exception(slot.take_exception()), std::runtime_error);
  EXPECT_TRUE(slot.holds_exception());
  EXPECT_TRUE(slot.exception_was_taken());
  slot.clear();
  slot.keep_result_of([] { return std::string("two"); });
  EXPECT_EQ(std::exchange(slot.value(), "three"), "two");
  EXPECT_EQ(slot.take(), "three");
}

TEST_F(result_slot_test, a_value_that_nobody_takes_is_destroyed_once) {
  {
    result_slot<counted> slot;
    slot.keep_result_of([] { return counted{}; });
    EXPECT_EQ(counted::alive, before + 1);
  }
  EXPECT_EQ(counted::alive, before);
}

}  // namespace
