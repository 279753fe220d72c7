// The decision, and the reading of FILCH_WORKERS.
#include <filch/topology/worker_count.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace filch::inline v0_1 {
namespace {

std::string counted(std::uint64_t number, const std::string& thing) {
  return std::to_string(number) + ' ' + thing + (number == 1 ? "" : "s");
}

unsigned parse_workers(std::string_view text) {
  unsigned workers = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), workers);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || workers < 1 || workers > max_workers) {
    throw std::invalid_argument("filch: FILCH_WORKERS=\"" + std::string(text) +
                                "\" is not a number of workers; set it to a whole number from 1 to " +
                                std::to_string(max_workers) + ", or unset it");
  }
  return workers;
}

unsigned clamp(std::uint64_t workers) {
  return static_cast<unsigned>(std::clamp<std::uint64_t>(workers, 1, max_workers));
}

}  // namespace

worker_count decide_worker_count(std::size_t allowed_threads, const std::optional<cpu_quota>& quota,
                                 const char* environment_value) {
  const std::string allowed = counted(allowed_threads, "hardware thread") + " allowed";
  if (environment_value != nullptr) {
    const unsigned workers = parse_workers(environment_value);
    return {workers, counted(workers, "worker") + ": FILCH_WORKERS says so (" + allowed + ")"};
  }
  if (quota && quota->whole_cpus() < allowed_threads) {
    const unsigned workers = clamp(quota->whole_cpus());
    return {workers, counted(workers, "worker") + ": the CPU quota of " + std::to_string(quota->quota_us) +
                         " us in " + std::to_string(quota->period_us) + " us from " + quota->source +
                         ", rounded up (" + allowed + ")"};
  }
  const unsigned workers = clamp(allowed_threads);
  return {workers, counted(workers, "worker") + ": one for each hardware thread (" + allowed + ")"};
}

}  // namespace filch::inline v0_1
