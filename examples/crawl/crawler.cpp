#include "crawler.hpp"

#include <algorithm>
#include <exception>
#include <string>

#include "answer.hpp"
#include "fetch.hpp"

namespace crawl {

namespace {

using namespace std::chrono_literals;

bool may_go_well_next_time(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const fetch_error& failed) {
    return is_worth_another(failed.why());
  } catch (...) {
    return false;
  }
}

void settle(unsigned page, filch::future<void>& job, outcome& all) {
  const auto give_up = [&](const char* kind, const std::exception& why) {
    given_up& those = all.lost[kind];
    ++those.pages;
    those.last = "/page/" + std::to_string(page) + ": " + why.what();
  };
  const auto fail = [&](const fetch_error& why) {
    why.why() == failure::stopped ? void(++all.cut_short) : give_up(failure_names[index_of(why.why())], why);
  };
  if (!job.valid()) return void(++all.cut_short);
  try {
    job.get();
    ++all.fetched;
  } catch (const filch::task_cancelled&) {
    ++all.cut_short;
  } catch (const filch::timed_out& late) {
    give_up("time was up", late);
  } catch (const fetch_error& why) {
    fail(why);
  } catch (const filch::retries_exhausted& every) {
    try {
      std::rethrow_exception(every.errors().back());
    } catch (const fetch_error& last) {
      fail(last);
    }
  }
}

}  // namespace

/// Counts a request for as long as it is under way. What the pool has not finished otherwise waits for its turn.
class crawler::request_under_way {
 public:
  explicit request_under_way(crawler& of) : of_(of) {
    const std::uint64_t unfinished = of.pool_.metrics().unfinished();
    const std::scoped_lock lock(of.mutex_);
    outcome& all = of.so_far_;
    ++all.attempts;
    all.most_under_way = std::max(all.most_under_way, ++of.under_way_);
    if (unfinished > of.under_way_) all.most_waiting = std::max(all.most_waiting, unfinished - of.under_way_);
  }
  request_under_way(const request_under_way&) = delete;
  request_under_way& operator=(const request_under_way&) = delete;
  ~request_under_way() {
    const std::scoped_lock lock(of_.mutex_);
    --of_.under_way_;
  }

 private:
  crawler& of_;
};

crawler::crawler(filch::scheduler& pool, in_port_t port, const crawl_options& options)
    : pool_(pool),
      port_(port),
      timeout_(options.timeout),
      limiter_(options.rate),
      job_{.limiter = &limiter_,
           .retry = {.attempts = options.attempts, .wait = 20ms, .when = may_go_well_next_time},
           .timeout = options.page_timeout} {}

outcome crawler::run() {
  go_to(0);
  pool_.wait_idle();
  outcome all = so_far_;
  all.found = visits_.size();
  for (auto& [page, each] : visits_) {
    all.retries += each.attempts > 1 ? each.attempts - 1 : 0;
    settle(page, each.job, all);
  }
  return all;
}

// The first to find a page submits its job. A pool that was told to stop before the first page takes none.
void crawler::go_to(unsigned page) {
  visit* found = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    const auto [place, is_new] = visits_.try_emplace(page);
    if (!is_new) return;
    found = &place->second;
  }
  try {
    found->job = filch::submit(pool_, job_, [this, page, found](const std::stop_token& stop) {
      ++found->attempts;
      attempt(stop, page);
    });
  } catch (const filch::closed&) {
  }
}

// Links are followed by the attempt that has found them.
void crawler::attempt(const std::stop_token& stop, unsigned page) {
  try {
    for (const unsigned link : links_in(ask_for(page, stop))) go_to(link);
  } catch (const fetch_error& failed) {
    const std::scoped_lock lock(mutex_);
    ++so_far_.failed[index_of(failed.why())];
    throw;
  }
}

// While the request is under way a spare has the place of this worker.
std::string crawler::ask_for(unsigned page, const std::stop_token& stop) {
  const request_under_way counted(*this);
  return filch::blocking([&] { return fetch(stop, port_, page, timeout_); });
}

}  // namespace crawl
