// A child made by fork() must be able to tell that it is one.
#include <filch/detail/base/process_generation.hpp>

#include "base/end_child.hpp"
#include "base/stampede.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using filch::detail::process_generation;
using filch::detail::watch_for_forks;

// What `question` answers, 0 to 255, in a child.
template <class Question>
int answer_of_child(Question question) {
  const ::pid_t child = ::fork();
  if (child == 0) filch_tests::end_child(question());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST(process_generation, grows_by_one_in_a_child_and_stays_in_the_parent) {
  watch_for_forks();
  const std::uint32_t before = process_generation();
  EXPECT_EQ(answer_of_child([&] { return static_cast<int>(process_generation() - before); }), 1);
  EXPECT_EQ(process_generation(), before);
}

TEST(process_generation, grows_again_in_a_grandchild) {
  watch_for_forks();
  const std::uint32_t before = process_generation();
  const auto generations_since = [&] { return static_cast<int>(process_generation() - before); };
  EXPECT_EQ(answer_of_child([&] { return answer_of_child(generations_since); }), 2);
}

TEST(process_generation, is_counted_once_however_often_it_is_watched) {
  filch_tests::stampede(4, [](unsigned) {
    for (int i = 0; i != 100; ++i) watch_for_forks();
  });
  const std::uint32_t before = process_generation();
  EXPECT_EQ(answer_of_child([&] { return static_cast<int>(process_generation() - before); }), 1);
}

}  // namespace
