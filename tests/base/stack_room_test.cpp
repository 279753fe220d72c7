// How much stack is left is measured: with more frames there is none in the end, and before that there was.
#include "base/stack_room.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <thread>

namespace {

using filch::detail::stack_has_room;

constexpr std::size_t frame_bytes = 1024;

// How many frames of at least `frame_bytes` fit on top of the caller's before there is no room, `limit` at most.
std::size_t frames_with_room(std::size_t limit) {  // NOLINT(misc-no-recursion)
  char frame[frame_bytes];
  char* volatile whole = frame;  // else a compiler may keep two bytes alone, and fit in more frames than a sanitizer can note
  whole[0] = 1;
  if (limit == 0 || !stack_has_room()) return 0;
  const std::size_t deeper = frames_with_room(limit - 1);
  whole[frame_bytes - 1] = whole[0];
  return deeper + 1;
}

TEST(stack_room, there_is_some_on_a_fresh_thread) {
  bool room = false;
  std::thread([&] { room = stack_has_room(); }).join();
  EXPECT_TRUE(room);
}

TEST(stack_room, it_ends_before_the_stack_does) {
  constexpr std::size_t more_than_any_stack_here = std::size_t{1} << 30;
  std::size_t frames = 0;
  std::thread([&] { frames = frames_with_room(more_than_any_stack_here / frame_bytes); }).join();
  EXPECT_GT(frames, 10U);
  EXPECT_LT(frames, more_than_any_stack_here / frame_bytes);
}

TEST(stack_room, it_comes_back) {
  bool room = false;
  std::thread([&] {
    (void)frames_with_room(~std::size_t{0});
    room = stack_has_room();
  }).join();
  EXPECT_TRUE(room);
}

}  // namespace
