// Hardware threads in the order in which workers take them.
#include "topology/seats.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace filch::inline v0_1::detail {
namespace {

using seat_list = std::vector<std::size_t>;

// Hardware threads that are equally good, the best layer first: the first threads of the fastest cores, of
// the slower cores, then the second threads. A slow core to oneself beats half of a fast one.
std::vector<seat_list> layers_of(const std::vector<hardware_thread>& threads) {
  std::map<std::pair<std::size_t, unsigned>, seat_list> layers;
  std::map<unsigned, std::size_t> seen_of_core;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const std::size_t sibling = seen_of_core[threads[i].core()]++;
    layers[{sibling, threads[i].kind}].push_back(i);
  }
  std::vector<seat_list> best_first;
  best_first.reserve(layers.size());
  for (auto& layer : layers) best_first.push_back(std::move(layer.second));
  return best_first;
}

// Chooses `count` of `seats`, which lie under one object at `depth`: each child of that object gets its share
// by size. Rounding is up and cumulative, so that the counts are those of hwloc_distrib on a symmetric
// machine.
void spread(const std::vector<hardware_thread>& threads, std::span<const std::size_t> seats,
            std::size_t count, std::size_t depth, seat_list& chosen) {
  if (count == 0) return;
  if (count == seats.size()) {
    chosen.insert(chosen.end(), seats.begin(), seats.end());
    return;
  }
  const auto share_up_to = [&](std::size_t end) { return (end * count + seats.size() - 1) / seats.size(); };
  const auto child_of = [&](std::size_t i) { return threads[seats[i]].ancestors[depth + 1]; };
  for (std::size_t begin = 0, end = 0; begin < seats.size(); begin = end) {
    while (end < seats.size() && child_of(end) == child_of(begin)) ++end;
    spread(threads, seats.subspan(begin, end - begin), share_up_to(end) - share_up_to(begin), depth + 1,
           chosen);
  }
}

}  // namespace

std::vector<std::size_t> deal_seats(const std::vector<hardware_thread>& threads, std::size_t workers) {
  const std::vector<seat_list> layers = layers_of(threads);
  seat_list dealt;
  dealt.reserve(workers);
  while (dealt.size() < workers) {
    for (const seat_list& layer : layers) {
      spread(threads, layer, std::min(layer.size(), workers - dealt.size()), 0, dealt);
    }
  }
  return dealt;
}

}  // namespace filch::inline v0_1::detail
