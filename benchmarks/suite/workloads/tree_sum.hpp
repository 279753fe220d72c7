// tree sum: adds up the values of a binary tree that lies in memory and leans where chance had it. A branch for each child.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "suite/concepts.hpp"
#include "suite/measurement.hpp"
#include "suite/mix.hpp"

namespace suite {

struct tree_sum {
  static constexpr const char* name = "tree_sum";

  template <fork_join_runtime Runtime>
  static measurement run(Runtime& runtime, problem_size size) {
    const std::uint32_t count = pick<std::uint32_t>(size, 4'000'000, 1'000'000, 1'000);
    std::vector<node> tree;
    tree.reserve(count);
    grow(tree, count);
    long answer = 0;
    const passage passed = timed([&] { answer = runtime.run([&tree] { return sum<Runtime>(tree.data(), 0); }); });
    return milliseconds(passed, answer == static_cast<long>(count) * (count - 1L) / 2);
  }

 private:
  static constexpr std::uint32_t none = 0;  // the root is nobody's child

  struct node {
    std::uint32_t left = none;
    std::uint32_t right = none;
    long value = 0;
  };

  // Nodes lie in the order in which they are visited; each has its own place for a value.
  static std::uint32_t grow(std::vector<node>& tree, std::uint32_t count) {
    if (count == 0) return none;
    const auto here = static_cast<std::uint32_t>(tree.size());
    tree.push_back({.value = here});
    const auto on_left = static_cast<std::uint32_t>(mix(here) % count);
    const std::uint32_t left = grow(tree, on_left);
    const std::uint32_t right = grow(tree, count - 1 - on_left);
    tree[here].left = left;
    tree[here].right = right;
    return here;
  }

  template <class Runtime>
  static long sum(const node* tree, std::uint32_t at) {
    const node& here = tree[at];
    if (here.left == none && here.right == none) return here.value;
    if (here.left == none) return here.value + sum<Runtime>(tree, here.right);
    if (here.right == none) return here.value + sum<Runtime>(tree, here.left);
    const auto [left, right] = Runtime::join([tree, &here] { return sum<Runtime>(tree, here.left); },
                                             [tree, &here] { return sum<Runtime>(tree, here.right); });
    return here.value + left + right;
  }
};

}  // namespace suite
