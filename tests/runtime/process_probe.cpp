// /proc, getrusage and fork.
#include "runtime/process_probe.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/end_child.hpp"
#include "runtime/pool_fixture.hpp"

namespace filch_tests {

namespace {

/// The value behind "key:" in a status file of /proc; empty when there is none.
std::string status_value(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
  return {};
}

std::uint64_t number(const std::string& text) { return text.empty() ? 0 : std::stoull(text); }

// A thread may end between the listing and the reading: its values are empty then.
template <class Visit>
void for_each_thread(Visit&& visit) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) visit(entry.path() / "status");
}

std::chrono::microseconds cpu_time(int who) {
  rusage usage{};
  ::getrusage(who, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// A sanitizer starts a thread of its own beside the program's first one: that is done before anything is counted.
[[maybe_unused]] const bool first_thread_has_been = (std::thread([] {}).join(), true);

}  // namespace

std::size_t thread_count() { return thread_names().size(); }

bool no_thread_is_left(std::size_t before) {
  return eventually([=] { return thread_count() <= before; });
}

std::vector<std::string> thread_names() {
  std::vector<std::string> names;
  for_each_thread([&](const std::filesystem::path& status) {
    if (std::string name = status_value(status, "Name"); !name.empty()) names.push_back(std::move(name));
  });
  std::sort(names.begin(), names.end());
  return names;
}

std::string cpus_of_thread(const std::string& name) {
  std::string cpus;
  for_each_thread([&](const std::filesystem::path& status) {
    if (cpus.empty() && status_value(status, "Name") == name) cpus = status_value(status, "Cpus_allowed_list");
  });
  return cpus;
}

std::uint64_t context_switches(const std::string& prefix) {
  std::uint64_t sum = 0;
  for_each_thread([&](const std::filesystem::path& status) {
    if (!status_value(status, "Name").starts_with(prefix)) return;
    sum += number(status_value(status, "voluntary_ctxt_switches"));
    sum += number(status_value(status, "nonvoluntary_ctxt_switches"));
  });
  return sum;
}

std::chrono::microseconds cpu_time_of_others() { return cpu_time(RUSAGE_SELF) - cpu_time(RUSAGE_THREAD); }

std::size_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  in >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

int answer_of_child(const std::function<int()>& body) {
  constexpr unsigned seconds_until_hung = 60;
  constexpr int uncaught = 127;
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(seconds_until_hung);
    int answer = uncaught;
    try {
      answer = body();
    } catch (...) {
      answer = uncaught;
    }
    end_child(answer);
  }
  if (child < 0) return -1;
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace filch_tests
