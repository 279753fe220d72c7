// Makes thumbnails of all images below a directory, one filch job an image, and shows what the pool did.
#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

#include <filch/filch.hpp>

#include "batch.hpp"
#include "files.hpp"
#include "find_images.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "report.hpp"

namespace {

using namespace std::chrono_literals;

enum exit_status { all_made = 0, some_failed = 1, nothing_done = 2, interrupted = thumbnails::status_when_interrupted };

exit_status run(const thumbnails::options& given) {
  thumbnails::leave_interrupts_to_watch();
  (void)std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like a full disk
  filch::scheduler pool({.workers = given.workers, .name = "thumbnails", .latency_sampling = 1});
  const thumbnails::interrupt_watch watch([&] { (void)pool.shutdown_for(5s); });

  const thumbnails::found_images found = thumbnails::find_images(given.from, given.to, [&] { return watch.has_come(); });
  for (const std::string& each : found.complaints) std::cerr << each << '\n';
  if (watch.has_come()) std::cerr << "thumbnails: interrupted while looking for images: there may be more than were found\n";
  if (found.names.empty() && found.complaints.empty() && !watch.has_come()) {
    std::cout << "There are no images below " << given.from.string() << ".\n";
    return all_made;
  }

  const auto began = std::chrono::steady_clock::now();
  const thumbnails::outcome all = thumbnails::batch(pool, given, watch).run(found.names);
  const auto took = std::chrono::steady_clock::now() - began;
  // What is timed out may still be on its way to notice. After an interrupt all has had its time.
  const filch::shutdown_counts counts = watch.has_come() ? pool.shutdown_now() : pool.shutdown_for(5s);
  thumbnails::print(std::cout, all, found.links, took, pool.metrics());

  const bool has_failures = all.failed != 0 || !found.complaints.empty();
  const exit_status status = watch.has_come() ? interrupted : has_failures ? some_failed : all_made;
  // A call on a device that never answers: nobody can end it, and nobody is to wait for it.
  if (counts.running != 0) thumbnails::exit_without_waiting(status);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const thumbnails::options given = thumbnails::parse_options(argc, argv);
    if (given.wants_help) {
      std::cout << thumbnails::help_text;
      return all_made;
    }
    return run(given);
  } catch (const std::exception& failure) {
    std::cerr << "thumbnails: " << failure.what() << '\n';
    return nothing_done;
  }
}
