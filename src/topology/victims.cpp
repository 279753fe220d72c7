// Workers in the order of their seats lie in the tree as the seats do: the workers under any object are one
// range. Seen from a thief the ranges of its ancestors grow from its own place to the machine, and what each
// adds to the one before is a ring of equally near victims.
//
// One thing the rings do not see: on an uneven machine a victim may be held less tightly than the thief's
// ring says, for example by the whole machine where it has no NUMA node of its own. Such plans are sorted
// again.
#include "topology/victims.hpp"

#include <algorithm>
#include <numeric>

namespace filch::inline v0_1::detail {
namespace {

struct range {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
};

// The workers sorted by seat, and where those of each hardware thread begin.
struct seating {
  std::vector<std::uint32_t> workers;
  std::vector<std::size_t> first_at;  // one entry more than there are hardware threads
};

seating sort_by_seat(std::size_t thread_count, const std::vector<std::size_t>& seats) {
  seating sorted{std::vector<std::uint32_t>(seats.size()), std::vector<std::size_t>(thread_count + 1, 0)};
  for (const std::size_t seat : seats) ++sorted.first_at[seat + 1];
  std::partial_sum(sorted.first_at.begin(), sorted.first_at.end(), sorted.first_at.begin());
  std::vector<std::size_t> next = sorted.first_at;
  for (std::size_t worker = 0; worker < seats.size(); ++worker) {
    sorted.workers[next[seats[worker]]++] = static_cast<std::uint32_t>(worker);
  }
  return sorted;
}

// Widens `under`, hardware threads that share a deeper object with `seat`, to those under `depth`.
void widen(const std::vector<hardware_thread>& threads, std::size_t seat, std::size_t depth, range& under) {
  const unsigned object = threads[seat].ancestors[depth];
  const auto shares = [&](const hardware_thread& other) {
    return depth < other.ancestors.size() && other.ancestors[depth] == object;
  };
  while (under.begin > 0 && shares(threads[under.begin - 1])) --under.begin;
  while (under.end < threads.size() && shares(threads[under.end])) ++under.end;
}

// Adds what `outer` has beyond `inner`, going round from the end of `inner`. The thieves of `inner` begin at
// points spread evenly over the ring, each by its own rank.
void append_ring(const seating& seated, range outer, range inner, std::size_t rank,
                 std::vector<std::uint32_t>& victims) {
  const std::size_t ring = outer.size() - inner.size();
  const std::size_t after = outer.end - inner.end;
  const std::size_t start = rank * ring / inner.size();
  for (std::size_t i = 0; i < ring; ++i) {
    const std::size_t step = (start + i) % ring;
    victims.push_back(seated.workers[step < after ? inner.end + step : outer.begin + (step - after)]);
  }
}

std::vector<std::uint32_t> rob_in_rings(const std::vector<hardware_thread>& threads, const seating& seated,
                                        std::size_t place, std::size_t seat, std::size_t held_depth) {
  std::vector<std::uint32_t> victims;
  victims.reserve(seated.workers.size() - 1);
  range under{seat, seat + 1};
  range inner{place, place + 1};
  for (std::size_t depth = held_depth + 1; depth-- > 0;) {
    widen(threads, seat, depth, under);
    const range outer{seated.first_at[under.begin], seated.first_at[under.end]};
    append_ring(seated, outer, inner, place - inner.begin, victims);
    inner = outer;
  }
  return victims;
}

// Puts those back that may run further away than their seat says. Keeps the order of the rest.
std::vector<std::uint32_t> sort_by_held_depth(const std::vector<hardware_thread>& threads,
                                              const std::vector<std::size_t>& seats,
                                              const std::vector<std::size_t>& held_depths,
                                              std::uint32_t thief,
                                              const std::vector<std::uint32_t>& victims) {
  std::vector<std::vector<std::uint32_t>> rings(held_depths[thief] + 1);
  for (const std::uint32_t victim : victims) {
    const std::size_t depth = common_ancestor_depth(threads[seats[thief]], threads[seats[victim]]);
    rings[std::min({depth, held_depths[thief], held_depths[victim]})].push_back(victim);
  }
  std::vector<std::uint32_t> sorted;
  for (auto ring = rings.rbegin(); ring != rings.rend(); ++ring) {
    sorted.insert(sorted.end(), ring->begin(), ring->end());
  }
  return sorted;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> order_victims(const std::vector<hardware_thread>& threads,
                                                      const std::vector<std::size_t>& seats,
                                                      const std::vector<std::size_t>& held_depths) {
  const seating seated = sort_by_seat(threads.size(), seats);
  const auto [loosest, tightest] = std::minmax_element(held_depths.begin(), held_depths.end());
  const bool uneven = *loosest != *tightest;
  std::vector<std::vector<std::uint32_t>> victims(seats.size());
  for (std::size_t place = 0; place < seats.size(); ++place) {
    const std::uint32_t thief = seated.workers[place];
    victims[thief] = rob_in_rings(threads, seated, place, seats[thief], held_depths[thief]);
    if (uneven) victims[thief] = sort_by_held_depth(threads, seats, held_depths, thief, victims[thief]);
  }
  return victims;
}

}  // namespace filch::inline v0_1::detail
