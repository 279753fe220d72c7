// What the operating system says about the threads of this process, and children to try dangerous things in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace filch_tests {

/// How many threads this process has.
[[nodiscard]] std::size_t thread_count();

/// Whether this process comes to have no more threads than `before`: the system lists one that was joined for a moment longer.
[[nodiscard]] bool no_thread_is_left(std::size_t before);

/// The names of all threads of this process, sorted.
[[nodiscard]] std::vector<std::string> thread_names();

/// The CPUs on which the first thread of this name may run, as "0-3,8"; empty if there is none.
[[nodiscard]] std::string cpus_of_thread(const std::string& name);

/// How often the threads whose names start with `prefix` were taken off a CPU or gave it up, all together.
[[nodiscard]] std::uint64_t context_switches(const std::string& prefix);

/// CPU time of all threads of this process but the calling one.
[[nodiscard]] std::chrono::microseconds cpu_time_of_others();

/// Bytes of this process that are in memory.
[[nodiscard]] std::size_t resident_bytes();

/// Runs `body` in a child made by fork() and returns its answer, which must be 0 to 127; 128 and more say that the
/// child was ended by a signal, SIGALRM for one that hangs. Neither the child's memory nor its failures come back.
[[nodiscard]] int answer_of_child(const std::function<int()>& body);

}  // namespace filch_tests
