// The kill matrix of a model: each weaker form of each operation that its checks pass is run until a check fails. A line each:
//   file | label | function | operation | change | killed or seen by nothing | how | check | executions
#pragma once

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "check.hpp"
#include "mutation.hpp"
#include "site_name.hpp"

namespace filch::model {

inline std::string name_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    default:
      return "seq_cst";
  }
}

/// A weaker form of a site.
struct mutant {
  site where;
  change what;
  std::memory_order order;

  [[nodiscard]] std::string difference() const {
    switch (what) {
      case change::order:
        return name_of(where.order) + " to " + name_of(order);
      case change::failure_order:
        return "failure " + name_of(where.failure) + " to " + name_of(order);
      case change::two_steps:
        return "in two steps";
      default:
        return "left out";
    }
  }
};

/// The orders that are weaker than a given one and mean something for an operation, strongest first.
inline std::vector<std::memory_order> weaker_orders(std::memory_order than, bool loads, bool stores) {
  std::vector<std::memory_order> weaker;
  const bool sequential = than == std::memory_order_seq_cst;
  const bool both = sequential || than == std::memory_order_acq_rel;
  if (sequential && loads && stores) weaker.push_back(std::memory_order_acq_rel);
  if (loads && both && (sequential || stores)) weaker.push_back(std::memory_order_acquire);
  if (stores && both && (sequential || loads)) weaker.push_back(std::memory_order_release);
  if (than != std::memory_order_relaxed) weaker.push_back(std::memory_order_relaxed);
  return weaker;
}

inline std::vector<mutant> mutants_of(const site& where) {
  std::vector<mutant> made;
  const bool fence = where.operation.ends_with(" fence");
  const bool wake = where.operation == "wake";
  const bool load = where.operation == "load";
  const bool store = where.operation == "store";
  const bool swap = where.operation == "compare-and-swap";
  if (!fence && !wake)
    for (const auto order : weaker_orders(where.order, !store, !load)) made.push_back({where, change::order, order});
  if (swap)
    for (const auto order : weaker_orders(where.failure, true, false)) made.push_back({where, change::failure_order, order});
  if (!fence && !wake && !load && !store) made.push_back({where, change::two_steps, where.order});
  if (!load) made.push_back({where, change::left_out, where.order});
  return made;
}

/// How a run of the checks on one mutant ended; filled by another process, since a mutant may crash.
struct outcome {
  bool killed = false;
  bool broken = false;  // it is not known
  char how[80] = "";
  char check_name[80] = "";
  std::uint64_t executions = 0;
};

/// The outcomes of all mutants, in memory that the processes which try them share.
class shared_outcomes {
 public:
  explicit shared_outcomes(std::size_t count)
      : bytes_((count + 1) * sizeof(outcome)),
        first_(static_cast<outcome*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (first_ == MAP_FAILED) throw std::bad_alloc();
    std::uninitialized_default_construct_n(first_, count);
  }
  ~shared_outcomes() { (void)munmap(first_, bytes_); }
  shared_outcomes(const shared_outcomes&) = delete;
  shared_outcomes& operator=(const shared_outcomes&) = delete;

  outcome& operator[](std::size_t index) { return first_[index]; }

 private:
  std::size_t bytes_;
  outcome* first_;
};

class kill_matrix {
 public:
  /// Of the sources whose file names match `files` somewhere.
  kill_matrix(const std::vector<check>& checks, double times, const std::string& files)
      : checks_(checks), times_(times), files_(files, std::regex::extended) {}

  /// Each operation of the shipped sources that the checks pass: file:line operation.
  void print_sites() const {
    for (const site& each : find_sites())
      std::cout << file_of(each) << ':' << each.where.line() << ' ' << each.operation << '\n';
  }

  /// Runs the mutants whose names do not begin a line of the file `done`, as many at a time as there are CPUs. With no
  /// executions at all it only names them.
  void run(const std::string& done) {
    choose(read_names(done));
    shared_outcomes outcomes(chosen_.size());
    std::map<pid_t, std::size_t> running;
    for (std::size_t next = times_ == 0 ? chosen_.size() : 0; next != chosen_.size() || !running.empty();) {
      if (next != chosen_.size() && running.size() < std::max(1U, std::thread::hardware_concurrency())) {
        const pid_t child = start(chosen_[next].weak, outcomes[next]);
        running[child] = next++;
      } else {
        int status = 0;
        const pid_t ended = wait(&status);
        note_end(outcomes[running.at(ended)], status);
        running.erase(ended);
      }
    }
    for (std::size_t i = 0; i != chosen_.size(); ++i) print(chosen_[i].name, outcomes[i]);
  }

 private:
  static constexpr unsigned columns_of_a_name = 5;
  static constexpr unsigned seconds_at_most = 1800;

  struct named_mutant {
    mutant weak;
    std::string name;
  };

  static std::set<std::string> read_names(const std::string& file) {
    std::set<std::string> names;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      std::size_t end = line.find('|');
      for (unsigned n = 1; n != columns_of_a_name && end != std::string::npos; ++n) end = line.find('|', end + 1);
      names.insert(line.substr(0, end));
    }
    return names;
  }

  void choose(const std::set<std::string>& done) {
    std::map<std::string, unsigned> seen;
    for (const site& each : find_sites())
      for (const mutant& weak : mutants_of(each))
        if (std::string name = unique_name(weak, seen); !done.contains(name)) chosen_.push_back({weak, std::move(name)});
  }

  // In the order of the sources.
  std::vector<site> find_sites() const {
    the_mutator.note_sites();
    for (const check& each : checks_) (void)each.run(0.1);
    the_mutator.note_no_more();
    std::vector<site> sites;
    for (std::size_t i = 0; i != the_mutator.site_count(); ++i)
      if (std::regex_search(file_of(the_mutator.site_at(i)), files_)) sites.push_back(the_mutator.site_at(i));
    std::sort(sites.begin(), sites.end(), [](const site& one, const site& other) {
      const int files = std::strcmp(one.where.file_name(), other.where.file_name());
      if (files != 0) return files < 0;
      return one.where.line() != other.where.line() ? one.where.line() < other.where.line()
                                                    : one.where.column() < other.where.column();
    });
    return sites;
  }

  // A second one of the same name gets a number.
  static std::string unique_name(const mutant& weak, std::map<std::string, unsigned>& seen) {
    const site& where = weak.where;
    const std::string object = object_of(where);
    const std::string difference = weak.difference();
    std::string name = file_of(where) + '|' + label_of(where) + '|' + function_of(where) + '|' +
                       (object.empty() ? "" : object + '.') + std::string(where.operation);
    const unsigned number = ++seen[name + '|' + difference];
    if (number != 1) name += " (" + std::to_string(number) + ')';
    return name + '|' + difference;
  }

  // In a process of its own: a mutant may crash, or never end.
  pid_t start(const mutant& weak, outcome& into) const {
    const pid_t child = fork();
    if (child == -1) throw std::runtime_error("kill matrix: fork() was refused");
    if (child != 0) return child;
    alarm(seconds_at_most);
    the_mutator.weaken(weak.where, weak.what, weak.order);
    run_checks_into(into);
    _exit(0);
  }

  void run_checks_into(outcome& into) const {
    for (const check& each : checks_) {
      set(into.check_name, each.name);
      const verdict came_out = each.run(times_);
      into.executions = came_out.executions + (came_out.holds ? into.executions : 0);
      if (came_out.holds) continue;
      set(into.how, came_out.violation);
      into.killed = true;
      return;
    }
    set(into.check_name, "");
  }

  // A mutant may read what is not there, and that is noticed. Any other end says nothing about it.
  static void note_end(outcome& of, int status) {
    if (WIFEXITED(status)) return;
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    of.killed = signal == SIGSEGV || signal == SIGBUS;
    of.broken = !of.killed;
    set(of.how, of.killed ? "crash" : "ended by signal " + std::to_string(signal));
  }

  static void print(const std::string& name, const outcome& of) {
    std::cout << name << '|'
              << (of.broken   ? "broken"
                  : of.killed ? "killed"
                              : "unseen")
              << '|' << of.how << '|' << of.check_name << '|' << of.executions << '\n';
  }

  template <std::size_t Size>
  static void set(char (&to)[Size], std::string_view text) {
    const std::size_t length = std::min(Size - 1, text.size());
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length), to,
                   [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    to[length] = '\0';
  }

  const std::vector<check>& checks_;
  const double times_;
  const std::regex files_;
  std::vector<named_mutant> chosen_;
};

}  // namespace filch::model
