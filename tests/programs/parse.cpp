// From bytes to a program, within a budget: the tasks of a program are a few thousand at most.
#include <algorithm>
#include <array>
#include <utility>

#include "programs/flow_steps.hpp"
#include "programs/fork_steps.hpp"
#include "programs/program.hpp"

namespace filch_programs {

namespace {

constexpr unsigned deepest = 6;
constexpr unsigned longest_body = 10;
constexpr std::uint32_t largest_bulk = 40;
constexpr std::uint32_t deepest_nest = 60;
constexpr std::uint64_t most_tasks = 3'000;

class parser {
 public:
  explicit parser(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  program parse() {
    program made;
    made.workers = 1 + below(8);
    made.spin = below(2) == 1;
    made.deque_capacity = std::array<std::size_t, 3>{2, 8, 1024}[below(3)];
    made.end = static_cast<ending>(below(static_cast<std::uint32_t>(ending::count_)));
    const std::uint32_t ends_tasks = below(8);  // most programs should run whole
    made.cancels = cancels_ = ends_tasks >= 6;
    made.tokens = tokens_ = ends_tasks == 5 || ends_tasks == 6;
    made.tasks_wait_for_a_moment = waits_ = below(2) == 1;
    made.places = 1 + below(3);
    made.more_workers = below(4);
    const unsigned threads = 1 + below(3);
    for (unsigned i = 0; i != threads; ++i) made.threads.push_back(parse_body(0, 1));
    made.bodies = bodies_;
    return made;
  }

 private:
  std::uint32_t below(std::uint32_t limit) {
    if (rest_.empty()) return 0;
    const std::uint32_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte % limit;
  }

  // `times` is how often the body is run, so that a bulk within a bulk has its price.
  std::shared_ptr<const body> parse_body(unsigned depth, std::uint64_t times) {
    auto made = std::make_shared<body>();
    made->id = bodies_++;
    made->is_of_a_task = depth != 0;
    const unsigned steps = rest_.empty() ? 0 : 1 + below(longest_body);
    for (unsigned i = 0; i != steps; ++i) made->steps.push_back(parse_step(depth, times));
    return made;
  }

  step parse_step(unsigned depth, std::uint64_t times) {
    const auto what = static_cast<op>(below(static_cast<std::uint32_t>(op::count_)));
    switch (what) {
      case op::submit:
      case op::post:
      case op::give: return with_child(what, 0, depth, times);
      case op::bulk:
      case op::post_bulk: return with_child(what, below(largest_bulk), depth, times);
      // These two are run in place nowhere, so who gets them waits.
      case op::later: return with_child(waits_ ? what : op::submit, below(100), depth, times, 1);
      case op::limit: return with_child(waits_ ? what : op::submit, 0, depth, times);
      case op::admit: {
        const std::uint32_t through = below(waits_ ? passage::count : passage::without_waits);
        const std::uint32_t many = 1 + below(8);
        step made = with_child(what, through, depth, times, many);
        made.how = many;
        return made;
      }
      case op::pull: {
        const std::uint32_t many = below(largest_bulk);
        const std::uint32_t how = below(256);
        step made = with_child(what, many, depth, times);
        made.how = waits_ && depth != 0 ? how & ~pulling::leaves : how;
        return made;
      }
      // Whoever waits for the others takes a spare, with those that its children's waits take.
      case op::together: {
        const auto how = below(static_cast<std::uint32_t>(side_by_side::count_));
        const std::uint32_t many = below(largest_bulk);
        if (!waits_ && depth != 0) return {op::yield, 0, nullptr};
        const bool joins = how == static_cast<std::uint32_t>(side_by_side::join);
        step made = with_child(what, joins ? branches : many, depth, times);
        made.how = how;
        return made;
      }
      case op::nest: {
        const std::uint32_t links = below(deepest_nest);
        return afford(times * links) ? step{what, links, nullptr} : step{op::yield, 0, nullptr};
      }
      case op::cancel: return {cancels_ ? what : op::yield, below(256), nullptr};
      case op::stop: return {tokens_ ? what : op::yield, 0, nullptr};
      case op::wait_for: return {waits_ || depth == 0 ? what : op::yield, below(256), nullptr};
      default: return {what, below(256), nullptr};
    }
  }

  step with_child(op what, std::uint32_t number, unsigned depth, std::uint64_t times) {
    return with_child(what, number, depth, times, std::max<std::uint32_t>(number, 1));
  }
  step with_child(op what, std::uint32_t number, unsigned depth, std::uint64_t times, std::uint32_t many) {
    const std::uint64_t runs = times * many;
    if (depth == deepest || !afford(runs)) return {op::add, number, nullptr};
    const filch::priority rank = parse_rank();
    return {what, number, parse_body(depth + 1, runs), rank};
  }

  filch::priority parse_rank() {
    switch (below(8)) {
      case 6: return filch::priority::high;
      case 7: return filch::priority::low;
      default: return filch::priority::normal;
    }
  }

  bool afford(std::uint64_t tasks) {
    if (tasks > budget_) return false;
    budget_ -= tasks;
    return true;
  }

  std::span<const std::uint8_t> rest_;
  std::size_t bodies_ = 0;
  bool cancels_ = false;
  bool tokens_ = false;
  bool waits_ = false;
  std::uint64_t budget_ = most_tasks;
};

constexpr std::array<const char*, static_cast<std::size_t>(op::count_)> names{
    "add",      "submit", "post", "bulk", "post_bulk", "get",   "help",  "wait",
    "wait_for", "drop",   "give", "nest", "yield",     "raise", "cancel", "stop", "later", "limit", "admit", "pull", "resize", "together"};
constexpr std::array<const char*, static_cast<std::size_t>(ending::count_)> endings{
    "the destructor", "shutdown", "shutdown_for a moment", "shutdown_now", "shutdown_now at once"};

void print(std::string& out, const body& of, unsigned depth) {
  out += "{  // " + std::to_string(of.id) + '\n';
  for (const step& each : of.steps) {
    out.append(2 * (depth + 1), ' ');
    out += names[static_cast<std::size_t>(each.what)];
    out += ' ' + std::to_string(each.number);
    if (each.what == op::pull || each.what == op::admit || each.what == op::together) out += " how " + std::to_string(each.how);
    if (each.rank != filch::priority::normal) out += each.rank == filch::priority::high ? " high" : " low";
    if (each.child != nullptr)
      print(out += ' ', *each.child, depth + 1);
    else
      out += '\n';
  }
  out.append(2 * depth, ' ');
  out += "}\n";
}

}  // namespace

program parse(std::span<const std::uint8_t> bytes) { return parser(bytes).parse(); }

std::string to_string(const program& of) {
  std::string out = std::to_string(of.workers) + (of.spin ? " spinning workers" : " workers") + " and " +
                    std::to_string(of.more_workers) + " more" + ", deques of " +
                    std::to_string(of.deque_capacity) + ", gates of " + std::to_string(of.places) + ", ended by " +
                    endings[static_cast<std::size_t>(of.end)] + (of.cancels ? ", cancelling" : "") +
                    (of.tasks_wait_for_a_moment ? ", waiting" : "") + (of.tokens ? ", with stop tokens\n" : "\n");
  for (const auto& thread : of.threads) print(out += "thread ", *thread, 0);
  return out;
}

}  // namespace filch_programs
