#include "perturb/schedule.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <ostream>

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perturb/random.hpp"
#include "perturb/turns.hpp"

namespace filch_perturb {

namespace {

constinit std::atomic<std::uint64_t> threads{0};
constinit std::atomic<std::uint64_t> total{0};

/// Where a thread was last, for whoever looks at a run that is stuck.
struct last_point {
  std::atomic<const char*> file{nullptr};
  std::atomic<std::uint32_t> line{0};
};
constinit last_point last_points[64];

struct thread_state {
  std::uint64_t random = 0;
  std::uint32_t points_left = 0;
  std::uint32_t slow_turns = 0;
  last_point* last = nullptr;
  bool has_ended = false;

  std::uint64_t draw_below(std::uint64_t end) noexcept { return draw_from(random) % end; }
};

constinit thread_local thread_state self;

/// Never destroyed: threads of the process pass points to its very end.
turns& the_turns() noexcept {
  static turns& one = *new turns;
  return one;
}

/// A thread's part in the turns, until its locals are destroyed.
struct part_in_turns {
  part_in_turns() noexcept { own.random = self.random; }
  ~part_in_turns() {
    self.has_ended = true;
    if (takes_turns()) the_turns().leave(own);
  }
  ticket own;
};

ticket& own_ticket() noexcept {
  static thread_local part_in_turns part;
  return part.own;
}

void sleep_for(long nanoseconds) noexcept {
  const timespec time{0, nanoseconds};
  (void)::nanosleep(&time, nullptr);
}

/// The CPUs that the process was given.
const cpu_set_t& allowed_cpus() noexcept {
  static const cpu_set_t allowed = [] {
    cpu_set_t read;
    CPU_ZERO(&read);
    (void)::sched_getaffinity(::getpid(), sizeof(read), &read);
    return read;
  }();
  return allowed;
}

void move_to_another_cpu() noexcept {
  const auto count = static_cast<std::uint64_t>(CPU_COUNT(&allowed_cpus()));
  if (count == 0) return;
  std::uint64_t skipped = self.draw_below(count);
  std::size_t cpu = 0;
  while (!CPU_ISSET(cpu, &allowed_cpus()) || skipped-- != 0) ++cpu;
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  CPU_SET(cpu, &chosen);
  (void)::sched_setaffinity(0, sizeof(chosen), &chosen);
}

// A weight among the threads of a CPU, 7 to 1 between the ends: more, and the watchdog would take the last for lost. Who is not
// root can only sink, until all are equal.
void draw_priority() noexcept {
  (void)::setpriority(PRIO_PROCESS, 0, static_cast<int>(self.draw_below(10)));
}

void disturb() noexcept {
  total.fetch_add(1, std::memory_order_relaxed);
  if (self.slow_turns != 0) {
    --self.slow_turns;
    self.points_left = static_cast<std::uint32_t>(self.draw_below(8));
    return sleep_for(static_cast<long>(self.draw_below(30'000)));
  }
  self.points_left = static_cast<std::uint32_t>(self.draw_below(400));
  const std::uint64_t what = self.draw_below(100);
  if (what < 60) {
    (void)::sched_yield();
  } else if (what < 85) {
    sleep_for(static_cast<long>(self.draw_below(20'000)));
  } else if (what < 88) {
    sleep_for(static_cast<long>(self.draw_below(1'000'000)));
  } else if (what < 94) {
    move_to_another_cpu();
  } else if (what < 97) {
    draw_priority();
  } else {
    self.slow_turns = static_cast<std::uint32_t>(self.draw_below(40));
  }
}

void take_turn() noexcept {
  if (!self.has_ended && the_turns().pass(own_ticket())) total.fetch_add(1, std::memory_order_relaxed);
}

void begin() noexcept {
  (void)allowed_cpus();
  const std::uint64_t number = threads.fetch_add(1, std::memory_order_relaxed);
  self.last = &last_points[number % std::size(last_points)];
  self.random = mix(seed() + number) | 1;
  self.points_left = static_cast<std::uint32_t>(self.draw_below(100));
  if (!takes_turns()) draw_priority();
}

std::uint64_t choose_seed() noexcept {
  const char* const given = std::getenv("FILCH_PERTURB_SEED");
  const std::uint64_t chosen =
      given != nullptr
          ? std::strtoull(given, nullptr, 10)
          : static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) % 1'000'000'007;
  (void)std::fprintf(stderr, "FILCH_PERTURB_SEED=%" PRIu64 "\n", chosen);
  return chosen;
}

// A child has one thread, and nobody there gives up a turn or a lock that another thread had.
constinit std::atomic<bool> is_a_child{false};

bool choose_style() noexcept {
  (void)::pthread_atfork(nullptr, nullptr, [] { is_a_child = true; });
  const char* const given = std::getenv("FILCH_PERTURB_STYLE");
  const bool chosen = given != nullptr ? std::strcmp(given, "turns") == 0 : seed() % 2 == 0;
  if (given != nullptr && !chosen && std::strcmp(given, "delays") != 0) {
    (void)std::fprintf(stderr, "FILCH_PERTURB_STYLE should be \"delays\" or \"turns\", and is \"%s\"\n", given);
    std::abort();
  }
  (void)std::fprintf(stderr, "FILCH_PERTURB_STYLE=%s\n", chosen ? "turns" : "delays");
  return chosen;
}

}  // namespace

std::uint64_t seed() noexcept {
  static const std::uint64_t chosen = choose_seed();
  return chosen;
}

bool takes_turns() noexcept {
  static const bool chosen = choose_style();
  return chosen && !is_a_child.load(std::memory_order_relaxed);
}

std::uint64_t disturbances() noexcept { return total.load(std::memory_order_relaxed); }

void point(const std::source_location& where) noexcept {
  if (self.last == nullptr) begin();
  self.last->file.store(where.file_name(), std::memory_order_relaxed);
  self.last->line.store(where.line(), std::memory_order_relaxed);
  point_without_a_place();
}

void point_without_a_place() noexcept {
  if (self.last == nullptr) begin();
  if (takes_turns())
    take_turn();
  else if (self.points_left != 0)
    --self.points_left;
  else
    disturb();
}

void spinning() noexcept {
  if (self.last != nullptr && takes_turns() && !self.has_ended) the_turns().fall_behind(own_ticket());
}

void about_to_block() noexcept {
  if (self.last != nullptr && takes_turns() && !self.has_ended) the_turns().leave(own_ticket());
}

bool wakes_for_no_reason() noexcept {
  point_without_a_place();
  return self.draw_below(8) == 0;
}

// While there is one thread: a child that another thread makes could not wait for the one that is choosing.
[[maybe_unused]] const bool chosen_at_the_beginning = [] {
  (void)seed();
  (void)the_turns();
  (void)allowed_cpus();
  return takes_turns();
}();

void print_last_points(std::ostream& to) {
  for (const last_point& each : last_points)
    if (const char* const file = each.file.load(); file != nullptr)
      to << "  last at " << file << ':' << each.line.load() << '\n';
}

}  // namespace filch_perturb

// Put before the C library's by the linker, for the futex calls: they may return at once, and come late.
extern "C" long __real_syscall(long number, ...);

extern "C" long __wrap_syscall(long number, ...) {
  va_list given;
  va_start(given, number);
  long a[6];
  for (long& each : a) each = va_arg(given, long);
  va_end(given);
  const bool waits =
      number == SYS_futex && ((a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT || (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET);
  if (waits && filch_perturb::wakes_for_no_reason()) {
    errno = EINTR;
    return -1;
  }
  filch_perturb::point_without_a_place();
  if (waits) filch_perturb::about_to_block();
  return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
