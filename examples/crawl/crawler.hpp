// Follows the links of a site, each page a job of the pool.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>

#include <netinet/in.h>

#include <filch/filch.hpp>

#include "failure.hpp"

namespace crawl {

struct crawl_options {
  double rate = 500;                                // requests a second, retries included
  int attempts = 5;                                 // for each page
  std::chrono::milliseconds timeout{200};           // of an attempt
  std::chrono::milliseconds page_timeout{60'000};   // of a page, with all its attempts and the waits between them
};

struct given_up {
  std::uint64_t pages = 0;
  std::string last;  // what was said of the last of them
};

struct outcome {
  std::uint64_t found = 0;  // pages, of which there was a link
  std::uint64_t fetched = 0;
  std::uint64_t cut_short = 0;  // neither fetched nor given up when the pool was told to stop
  std::uint64_t attempts = 0;
  std::uint64_t retries = 0;
  std::array<std::uint64_t, failure_names.size()> failed{};  // attempts
  std::map<std::string, given_up> lost;                      // by the kind of the last error
  std::uint64_t most_waiting = 0;                            // jobs at a time, for their turn or for another attempt
  std::uint64_t most_under_way = 0;                          // requests at a time
};

class crawler {
 public:
  /// Throws std::invalid_argument for a rate that makes no sense.
  crawler(filch::scheduler& pool, in_port_t port, const crawl_options& options);
  crawler(const crawler&) = delete;
  crawler& operator=(const crawler&) = delete;

  /// Begins at page 0, and ends when all that was found has been fetched or given up, or the pool has been told to stop.
  outcome run();

 private:
  struct visit {
    std::uint64_t attempts = 0;
    filch::future<void> job;
  };

  class request_under_way;

  void go_to(unsigned page);
  void attempt(const std::stop_token& stop, unsigned page);
  [[nodiscard]] std::string ask_for(unsigned page, const std::stop_token& stop);

  filch::scheduler& pool_;
  const in_port_t port_;
  const std::chrono::milliseconds timeout_;
  filch::rate_limiter limiter_;
  const filch::job_options job_;

  std::mutex mutex_;
  std::map<unsigned, visit> visits_;  // a visit is its job's while that runs, and run()'s afterwards
  outcome so_far_;
  std::uint64_t under_way_ = 0;
};

}  // namespace crawl
