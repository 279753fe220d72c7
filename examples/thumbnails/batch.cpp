#include "batch.hpp"

#include <chrono>
#include <exception>
#include <iomanip>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "failure.hpp"
#include "find_images.hpp"

namespace thumbnails {

namespace {

using namespace std::chrono_literals;

// What was told to stop looks between two rows.
constexpr auto to_hear_of_a_stop = 500ms;

// How long the progress may lag behind.
constexpr auto moment = 50ms;

std::string in_seconds(std::chrono::duration<double> time) {
  std::ostringstream text;
  text << std::setprecision(12) << time.count() << " s";
  return text.str();
}

void add(made& sum, const made& one) {
  sum.bytes_in += one.bytes_in;
  sum.bytes_out += one.bytes_out;
  for (std::size_t i = 0; i != sum.spent.size(); ++i) sum.spent[i] += one.spent[i];
}

}  // namespace

batch::batch(filch::scheduler& pool, const options& given, const interrupt_watch& interrupt)
    : pool_(pool),
      given_(given),
      interrupt_(interrupt),
      gate_({.capacity = given.in_flight}),
      job_{.gate = &gate_, .retry = {.attempts = given.attempts, .when = is_transient}, .timeout = given.timeout} {}

outcome batch::run(const std::vector<std::filesystem::path>& names) {
  progress bar(names.size());
  all_.images = names.size();
  for (const std::filesystem::path& name : names)
    if (!submit(name, bar)) break;
  settle_rest(bar);
  return all_;
}

// Whoever waits for a place has the results meanwhile, and hears of an interrupt.
bool batch::submit(const std::filesystem::path& name, progress& bar) try {
  const auto convert = [from = given_.from / name, to = given_.to / name, how = given_.thumbnail](const std::stop_token& stop) {
    return make_thumbnail(from, to, how, stop);
  };
  while (!interrupt_.has_come()) {
    std::optional<filch::future<made>> job = filch::submit_for(pool_, job_, moment, convert);
    if (job) under_way_.push_back({&name, std::move(*job)});
    settle_ready(bar);
    if (job) return true;
  }
  return false;
} catch (const filch::closed&) {
  return false;
}

void batch::settle_ready(progress& bar) {
  for (auto each = under_way_.begin(); each != under_way_.end();) {
    const auto next = std::next(each);
    if (each->thumbnail.ready()) {
      settle(*each, bar);
      under_way_.erase(each);
    }
    each = next;
  }
  if (interrupt_.has_come() && !std::exchange(has_said_so_, true))
    bar.say("thumbnails: interrupted; what is under way has five seconds, and Ctrl-C ends it at once");
  bar.show(all_.finished + all_.failed, all_.failed);
}

void batch::settle(image& ready, progress& bar) {
  try {
    const made one = ready.thumbnail.get();
    ++all_.finished;
    all_.pixels += one.original.pixels();
    add(all_.sum, one);
  } catch (const filch::task_cancelled&) {  // not begun
  } catch (const stopped&) {
    ++all_.cut_short;
  } catch (...) {
    ++all_.failed;
    bar.say(printable(*ready.name) + ": " + complaint_of(std::current_exception()));
  }
}

std::string batch::complaint_of(const std::exception_ptr& thrown) const {
  try {
    std::rethrow_exception(thrown);
  } catch (const filch::timed_out&) {
    return "it was not done within " + in_seconds(given_.timeout);
  } catch (const filch::retries_exhausted& every) {
    return sentence_for(every.errors().back()) + ", also at the last of " + std::to_string(every.errors().size()) + " attempts";
  } catch (...) {
    return sentence_for(thrown);
  }
}

void batch::settle_rest(progress& bar) {
  settle_ready(bar);
  std::optional<std::chrono::steady_clock::time_point> patience;
  while (!under_way_.empty()) {
    (void)under_way_.front().thumbnail.wait_for(moment);
    settle_ready(bar);
    if (!interrupt_.is_drained()) continue;
    const auto now = std::chrono::steady_clock::now();
    if (!patience) patience = now + to_hear_of_a_stop;
    if (now < *patience) continue;
    all_.still_running = under_way_.size();
    all_.cut_short += under_way_.size();
    under_way_.clear();
  }
}

}  // namespace thumbnails
