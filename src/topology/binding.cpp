// Binds, then asks. The request alone proves nothing: it succeeds without effect on a topology that is not
// this machine, and a sandbox may accept and ignore it.
#include <filch/topology/binding.hpp>
#include <filch/topology/topology.hpp>

#include "topology/hwloc.hpp"
#include "topology/judge_binding.hpp"

#include <cerrno>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

namespace filch::inline v0_1 {
namespace {

std::string cannot(const cpu_set& cpus, const std::string& reason) {
  const std::string where = cpus.empty() ? "no processors" : "processors " + cpus.to_string();
  return "filch: cannot bind a thread to " + where + ": " + reason + "; it runs where it did before";
}

}  // namespace

bind_result detail::judge_binding(const cpu_set& wanted, int error, std::optional<cpu_set> now) {
  const cpu_set anywhere = topology::detect().allowed();
  if (error == ENOSYS || error == EXDEV) {
    return {bind_outcome::not_supported, now.value_or(anywhere),
            cannot(wanted, "this system does not support it")};
  }
  if (error != 0) {
    return {bind_outcome::refused, now.value_or(anywhere),
            cannot(wanted, std::generic_category().message(error))};
  }
  if (!now) {
    return {bind_outcome::not_supported, anywhere, cannot(wanted, "this system cannot say where it runs")};
  }
  if (*now == wanted) return {bind_outcome::bound, *std::move(now), {}};
  std::string sentence = "filch: a thread bound to processors " + wanted.to_string() + " may run on " +
                         now->to_string() + "; the system has changed or ignored the request";
  return {bind_outcome::differs, *std::move(now), std::move(sentence)};
}

cpu_set current_thread_cpus() {
  std::optional<cpu_set> cpus = detail::read_thread_binding();
  if (!cpus || cpus->empty()) return topology::detect().allowed();
  return *std::move(cpus);
}

bind_result bind_current_thread(const cpu_set& cpus) noexcept {
  try {
    if (cpus.empty()) return {bind_outcome::refused, current_thread_cpus(), cannot(cpus, "the set is empty")};
    const int error = detail::request_thread_binding(cpus);
    return detail::judge_binding(cpus, error, detail::read_thread_binding());
  } catch (const std::exception&) {
    return {bind_outcome::not_supported, {}, "cannot bind"};  // short enough not to allocate
  }
}

}  // namespace filch::inline v0_1
