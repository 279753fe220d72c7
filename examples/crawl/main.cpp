// Crawls a site on the loopback that fails now and then, one filch job a page, and shows that waiting holds no worker.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <iostream>

#include <filch/filch.hpp>

#include "crawler.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "report.hpp"
#include "server.hpp"

namespace {

enum exit_status { all_fetched = 0, some_given_up = 1, nothing_done = 2, interrupted = 130 };

std::chrono::nanoseconds processor_time_of_this_thread() {
  std::timespec time{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

exit_status run(const crawl::options& options) {
  crawl::leave_interrupts_to_watch();
  crawl::server server(options.site);
  std::atomic<std::int64_t> computed_ns{0};
  filch::scheduler pool({.workers = options.workers, .name = "crawl", .on_worker_stop = [&](const filch::worker_info&) {
                           computed_ns += processor_time_of_this_thread().count();
                         }});
  const crawl::interrupt_watch watch([&] { pool.shutdown_now(); });
  std::cout << "crawling " << options.site.pages << " pages on 127.0.0.1:" << server.port() << std::endl;

  const auto began = std::chrono::steady_clock::now();
  const crawl::outcome all = crawl::crawler(pool, server.port(), options.crawl).run();
  const auto took = std::chrono::steady_clock::now() - began;
  const crawl::served by_server = server.stop();
  pool.shutdown();

  const crawl::effort spent{took, std::chrono::nanoseconds(computed_ns.load())};
  crawl::print(std::cout, all, by_server, options.crawl.rate, pool.metrics(), spent);
  if (watch.has_come()) return interrupted;
  return all.lost.empty() ? all_fetched : some_given_up;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const crawl::options options = crawl::parse_options(argc, argv);
    if (options.wants_help) {
      std::cout << crawl::help_text;
      return all_fetched;
    }
    return run(options);
  } catch (const std::exception& failure) {
    std::cerr << "crawl: " << failure.what() << '\n';
    return nothing_done;
  }
}
