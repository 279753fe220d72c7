#include <filch/topology/cpu_set.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <stdexcept>
#include <vector>

namespace {

using filch::cpu_set;

TEST(CpuSet, AFreshSetIsEmptyAndHasNoFirst) {
  const cpu_set set;
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.count(), 0U);
  EXPECT_EQ(set.begin(), set.end());
  EXPECT_EQ(set.to_string(), "");
  EXPECT_THROW(static_cast<void>(set.first()), std::out_of_range);
}

TEST(CpuSet, HoldsIndicesFarApart) {
  const cpu_set set{4095, 0, 63, 64, 1024};
  EXPECT_EQ(set.count(), 5U);
  EXPECT_EQ(set.first(), 0U);
  EXPECT_TRUE(set.contains(4095));
  EXPECT_FALSE(set.contains(4094));
  EXPECT_FALSE(set.contains(1U << 31));
  EXPECT_EQ(std::vector<unsigned>(set.begin(), set.end()), (std::vector<unsigned>{0, 63, 64, 1024, 4095}));
}

TEST(CpuSet, IteratorsOfTwoSetsAreNeverEqualAndTwoOfNoneAre) {
  const cpu_set one{1};
  const cpu_set other{1};
  EXPECT_NE(one.begin(), other.begin());
  EXPECT_EQ(one.begin(), one.begin());
  EXPECT_EQ(cpu_set::iterator{}, cpu_set::iterator{});
}

TEST(CpuSet, WritesTheListFormatOfLinux) {
  EXPECT_EQ((cpu_set{0, 1, 2, 3, 8}).to_string(), "0-3,8");
  EXPECT_EQ((cpu_set{5}).to_string(), "5");
  EXPECT_EQ((cpu_set{62, 63, 64, 65, 200, 201}).to_string(), "62-65,200-201");
}

TEST(CpuSet, RefusesAnIndexNoMachineHas) {
  cpu_set set;
  set.add(cpu_set::max_index);
  EXPECT_THROW(set.add(cpu_set::max_index + 1), std::invalid_argument);
  EXPECT_EQ(set.count(), 1U);
}

TEST(CpuSet, EqualMembersMakeEqualSetsWhateverWasThereBefore) {
  cpu_set shrunk{1, 5000};
  shrunk.remove(5000);
  shrunk.remove(70000);
  EXPECT_EQ(shrunk, cpu_set{1});
  shrunk.remove(1);
  EXPECT_EQ(shrunk, cpu_set{});
  EXPECT_TRUE(shrunk.empty());
}

TEST(CpuSet, SubsetsAndIntersections) {
  const cpu_set small{1, 300};
  const cpu_set large{1, 2, 300};
  EXPECT_TRUE(small.is_subset_of(large));
  EXPECT_FALSE(large.is_subset_of(small));
  EXPECT_TRUE(cpu_set{}.is_subset_of(small));
  EXPECT_FALSE(small.is_subset_of({}));
  EXPECT_TRUE(large.intersects(small));
  EXPECT_FALSE(small.intersects({2, 299}));
}

// The oracle is std::set; the members come from a fixed linear congruential sequence.
TEST(CpuSet, AgreesWithAnOrdinarySetInEveryOperation) {
  std::uint32_t state = 1;
  const auto next = [&state] { return (state = state * 1664525U + 1013904223U) >> 8; };
  for (int round = 0; round < 200; ++round) {
    const unsigned limit = round % 2 == 0 ? 100 : 3000;
    cpu_set a;
    cpu_set b;
    std::set<unsigned> left;
    std::set<unsigned> right;
    for (int i = 0; i < 40; ++i) {
      const unsigned x = next() % limit;
      const unsigned y = next() % limit;
      a.add(x), left.insert(x);
      b.add(y), right.insert(y);
      if (i % 5 == 0) a.remove(y), left.erase(y);
    }
    std::vector<unsigned> both;
    std::vector<unsigned> either(left.begin(), left.end());
    std::vector<unsigned> only_left;
    for (const unsigned x : left) (right.contains(x) ? both : only_left).push_back(x);
    either.insert(either.end(), right.begin(), right.end());
    const auto members = [](const cpu_set& set) { return std::set<unsigned>(set.begin(), set.end()); };
    const auto as_set = [](const std::vector<unsigned>& list) {
      return std::set<unsigned>(list.begin(), list.end());
    };
    EXPECT_EQ(members(a), left);
    EXPECT_EQ(a.count(), left.size());
    EXPECT_EQ(members(a & b), as_set(both));
    EXPECT_EQ(members(a | b), as_set(either));
    EXPECT_EQ(members(a - b), as_set(only_left));
    EXPECT_EQ(a.intersects(b), !both.empty());
    EXPECT_EQ(a.is_subset_of(b), only_left.empty());
    EXPECT_EQ((a | b) - b, a - b);
  }
}

}  // namespace
