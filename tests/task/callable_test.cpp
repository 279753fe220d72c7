// What may be submitted, how it is kept, and what is refused at once.
#include <filch/detail/task/callable.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

namespace {

using filch::detail::bound_call;
using filch::detail::require_callable;
using filch::detail::submittable;
using filch::detail::takes_stop_token;
using filch::detail::task_result;

int free_function(int value) { return value + 1; }

struct object {
  int member = 7;
  int twice(int value) const { return 2 * value; }
};

// Keeps and calls as submit() does.
template <class F, class... Args>
task_result<F, Args...> call(F&& function, Args&&... args) {
  bound_call<std::decay_t<F>, std::decay_t<Args>...> kept(std::in_place, std::forward<F>(function),
                                                          std::forward<Args>(args)...);
  std::stop_source source;
  source.request_stop();
  const std::stop_token token = source.get_token();
  return kept(token);
}

TEST(callable, everything_that_can_be_invoked_is_called) {
  EXPECT_EQ(call([] { return 1; }), 1);
  EXPECT_EQ(call(free_function, 1), 2);
  EXPECT_EQ(call(&free_function, 2), 3);
  EXPECT_EQ(call(&object::twice, object{}, 4), 8);
  object kept;
  EXPECT_EQ(&call(&object::member, &kept), &kept.member);
  EXPECT_EQ(call(std::function<int(int)>(free_function), 9), 10);
}

TEST(callable, a_leading_stop_token_is_given_to_who_can_take_one) {
  EXPECT_TRUE(call([](std::stop_token token) { return token.stop_requested(); }));
  EXPECT_TRUE(call([](const std::stop_token& token, int) { return token.stop_requested(); }, 1));
  // Both ways are possible: as with std::jthread, the one with the token is chosen.
  EXPECT_EQ(call([](auto&&... given) { return sizeof...(given); }, 1, 2), 3U);
  auto takes_int = [](int) {};
  static_assert(!takes_stop_token<decltype(takes_int), int>);
  auto takes_token = [](std::stop_token) {};
  static_assert(takes_stop_token<decltype(takes_token)>);
  static_assert(submittable<decltype(takes_token)>);
  static_assert(!submittable<decltype(takes_int)>);
  static_assert(!submittable<decltype(takes_int), std::string>);
}

TEST(callable, arguments_are_decayed_copies_passed_as_rvalues) {
  std::string text = "text";
  const char literal[] = "literal";
  EXPECT_EQ(call([](std::string&& given) { return std::move(given); }, text), "text");
  EXPECT_EQ(text, "text") << "an lvalue is copied";
  EXPECT_EQ(call([](const char* given) { return std::string(given); }, literal), "literal");
  EXPECT_EQ(call([](std::unique_ptr<int> given) { return *given; }, std::make_unique<int>(5)), 5);
  int outside = 0;
  call([](int& given) { given = 3; }, std::ref(outside));
  EXPECT_EQ(outside, 3);
  static_assert(!std::is_invocable_v<decltype([](int&) {}), int>);
}

TEST(callable, the_callable_itself_is_called_as_an_rvalue) {
  struct once {
    int operator()() && { return 1; }
    int operator()() & = delete;
  };
  EXPECT_EQ(call(once{}), 1);
}

TEST(callable, a_result_keeps_its_type) {
  static_assert(std::is_same_v<task_result<decltype([]() -> int& { static int kept; return kept; })>, int&>);
  static_assert(std::is_same_v<task_result<decltype([] {})>, void>);
  static_assert(std::is_same_v<task_result<decltype([](std::stop_token, int) { return 1.5; }), int>, double>);
}

TEST(callable, what_is_empty_is_refused_with_the_remedy) {
  EXPECT_THROW(require_callable(std::function<void()>{}), std::invalid_argument);
  EXPECT_THROW(require_callable(static_cast<void (*)()>(nullptr)), std::invalid_argument);
  EXPECT_THROW(require_callable(static_cast<int (object::*)(int) const>(nullptr)), std::invalid_argument);
  EXPECT_THROW(require_callable(static_cast<int object::*>(nullptr)), std::invalid_argument);
  try {
    require_callable(std::function<void()>{});
  } catch (const std::invalid_argument& refused) {
    EXPECT_NE(std::string(refused.what()).find("submit something"), std::string::npos) << refused.what();
  }
}

TEST(callable, what_is_not_empty_passes) {
  require_callable(std::function<void()>([] {}));
  require_callable(free_function);
  require_callable(&free_function);
  require_callable(&object::twice);
  require_callable(&object::member);
}

TEST(callable, a_lambda_is_never_taken_for_empty) {
  require_callable([] {});
  require_callable([](int) noexcept { return 1; });
  require_callable([](auto) {});
  require_callable([value = 1] { return value; });
  static_assert(!filch::detail::can_be_empty<decltype([] {})>);
  static_assert(filch::detail::can_be_empty<std::function<void()>>);
}

}  // namespace
