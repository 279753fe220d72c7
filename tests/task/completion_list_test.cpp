// What has ended is told once, in its order, to one who takes it and waits.
#include <filch/detail/task/completion_list.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include <filch/detail/task/wait.hpp>

namespace {

using filch::detail::completion_list;
using filch::detail::install_outcome;
using filch::detail::uninstall_outcome;
using waiter = filch::detail::basic_waiter<filch::detail::standard_atomics>;

struct noting_waiter : waiter {
  noting_waiter() noexcept : waiter(&note) {}
  static void note(waiter& self) noexcept { ++static_cast<noting_waiter&>(self).notified; }
  std::atomic<unsigned> notified{0};
};

std::vector<const void*> taken_from(completion_list<>& list) {
  std::vector<const void*> taken;
  for (const waiter* each = list.take_all(); each != nullptr; each = each->next) taken.push_back(each);
  return taken;
}

TEST(completion_list, the_oldest_is_taken_first_and_each_once) {
  completion_list<> list;
  noting_waiter one;
  noting_waiter two;
  noting_waiter three;
  EXPECT_TRUE(list.is_empty());
  EXPECT_EQ(list.take_all(), nullptr);
  list.push(one);
  list.push(two);
  EXPECT_FALSE(list.is_empty());
  EXPECT_EQ(taken_from(list), (std::vector<const void*>{&one, &two}));
  EXPECT_TRUE(list.is_empty());
  list.push(three);
  EXPECT_EQ(taken_from(list), (std::vector<const void*>{&three}));
  EXPECT_EQ(one.notified + two.notified + three.notified, 0U);
}

TEST(completion_list, who_waits_is_notified_once_and_is_no_entry) {
  completion_list<> list;
  noting_waiter self;
  noting_waiter one;
  noting_waiter two;
  EXPECT_EQ(list.install(self), install_outcome::installed);
  list.push(one);
  EXPECT_EQ(self.notified, 1U);
  list.push(two);
  EXPECT_EQ(self.notified, 1U);
  EXPECT_EQ(list.install(self), install_outcome::ready);
  EXPECT_EQ(taken_from(list), (std::vector<const void*>{&one, &two}));
}

TEST(completion_list, who_waits_leaves_uninstalled_or_notified) {
  completion_list<> list;
  noting_waiter self;
  noting_waiter one;
  EXPECT_EQ(list.install(self), install_outcome::installed);
  EXPECT_EQ(list.uninstall(self), uninstall_outcome::removed);
  list.push(one);
  EXPECT_EQ(self.notified, 0U);
  EXPECT_EQ(taken_from(list).size(), 1U);
  EXPECT_EQ(list.install(self), install_outcome::installed);
  list.push(one);
  EXPECT_EQ(list.uninstall(self), uninstall_outcome::ready);
  EXPECT_EQ(self.notified, 1U);
  EXPECT_EQ(taken_from(list).size(), 1U);
}

TEST(completion_list, many_tell_and_one_waits_for_all_of_them) {
  constexpr unsigned tellers = 4;
  constexpr unsigned each = 10'000;
  completion_list<> list;
  std::vector<std::vector<noting_waiter>> made;
  for (unsigned i = 0; i != tellers; ++i) made.emplace_back(each);
  unsigned taken = 0;
  std::vector<std::thread> threads;
  for (auto& own : made)
    threads.emplace_back([&] {
      for (noting_waiter& one : own) list.push(one);
    });
  while (taken != tellers * each) {
    filch::detail::wait_until_not_empty(list);
    const auto some = taken_from(list);
    EXPECT_FALSE(some.empty());
    taken += static_cast<unsigned>(some.size());
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(list.is_empty());
}

}  // namespace
