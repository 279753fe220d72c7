// Finds out how many workers a pool should have, by trying.
#include <chrono>
#include <cmath>
#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <filch/filch.hpp>

#include "load.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "sweep.hpp"

namespace {

using namespace std::chrono_literals;

enum exit_status { success = 0, no_picture = 1, wrong_arguments = 2 };

std::string described(const char* kind, const advise::load& of) {
  return std::string(kind) + ": " + std::to_string(of.computes.count()) + " us of computing, " +
         std::to_string(of.waits.count()) + " us of waiting a task";
}

// The rule of thumb to compare with, as in Goetz and others, Java Concurrency in Practice (2006), section 8.2.
void print_advice(const advise::curve& of, const advise::load& by, const advise::sweep_options& how) {
  advise::print_bars(std::cout, of);
  const unsigned advice = advise::advised(of.points).workers;
  std::cout << "use " << advice << " workers";
  if (advice == how.most) std::cout << " or more: these are the most that were tried (--most)";
  if (by.computes.count() != 0) {
    const double ratio = static_cast<double>(by.waits.count()) / static_cast<double>(by.computes.count());
    std::cout << "; cores x (1 + waiting / computing) is " << std::llround(how.cores * (1 + ratio));
  }
  std::cout << "\n\n";
}

void run(advise::options options) {
  options.sweep.cores = filch::scheduler().worker_count();  // those that it may use
  struct named {
    const char* kind;
    advise::load load;
  };
  std::vector<named> loads{{"a load that computes", {200us, 0us}}, {"a load that waits", {50us, 1'000us}}};
  if (options.has_own) loads = {{"your load", options.own}};
  std::vector<advise::curve> curves;
  for (const named& each : loads) {
    curves.push_back({described(each.kind, each.load), advise::sweep(each.load, options.sweep)});
    print_advice(curves.back(), each.load, options.sweep);
  }
  if (!options.picture.empty()) advise::draw(options.picture, curves);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // of a gnuplot that is not there
  try {
    const advise::options options = advise::parse_options(argc, argv);
    if (options.wants_help)
      std::cout << advise::help_text;
    else
      run(options);
    return success;
  } catch (const std::invalid_argument& wrong) {
    std::cerr << "advise: " << wrong.what() << '\n';
    return wrong_arguments;
  } catch (const std::exception& failure) {
    std::cerr << "advise: " << failure.what() << '\n';
    return no_picture;
  }
}
