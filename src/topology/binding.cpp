// Binds, then asks. The request alone proves nothing: it succeeds without effect on a topology that is not
// this machine, and a sandbox may accept and ignore it.
#include <filch/topology/binding.hpp>
#include <filch/topology/topology.hpp>

#include "topology/hwloc.hpp"

#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

namespace filch::inline v0_1 {
namespace {

std::string cannot(const cpu_set& cpus, const std::string& reason) {
  return "filch: cannot bind a thread to processors " + cpus.to_string() + ": " + reason +
         "; it runs where it did before";
}

bind_result failed_request(const cpu_set& cpus, int error) {
  const bool unsupported = error == ENOSYS || error == EXDEV;
  const std::string reason =
      unsupported ? "this system does not support it" : std::generic_category().message(error);
  return {unsupported ? bind_outcome::not_supported : bind_outcome::refused, current_thread_cpus(),
          cannot(cpus, reason)};
}

bind_result read_back(const cpu_set& cpus) {
  std::optional<cpu_set> now = detail::read_thread_binding();
  if (!now) {
    return {bind_outcome::not_supported, current_thread_cpus(),
            cannot(cpus, "this system cannot say where it runs")};
  }
  if (*now == cpus) return {bind_outcome::bound, *std::move(now), {}};
  std::string sentence = "filch: a thread bound to processors " + cpus.to_string() + " may run on " +
                         now->to_string() + "; the system has changed or ignored the request";
  return {bind_outcome::differs, *std::move(now), std::move(sentence)};
}

}  // namespace

cpu_set current_thread_cpus() {
  std::optional<cpu_set> cpus = detail::read_thread_binding();
  if (!cpus || cpus->empty()) return topology::detect().allowed();
  return *std::move(cpus);
}

bind_result bind_current_thread(const cpu_set& cpus) noexcept {
  try {
    if (cpus.empty()) return {bind_outcome::refused, current_thread_cpus(), cannot(cpus, "the set is empty")};
    const int error = detail::request_thread_binding(cpus);
    return error != 0 ? failed_request(cpus, error) : read_back(cpus);
  } catch (const std::exception&) {
    return {bind_outcome::not_supported, {}, "cannot bind"};  // short enough not to allocate
  }
}

}  // namespace filch::inline v0_1
