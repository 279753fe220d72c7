// What is printed at the end.
#pragma once

#include <chrono>
#include <iosfwd>

#include <filch/probe/metrics.hpp>

#include "crawler.hpp"
#include "server.hpp"

namespace crawl {

struct effort {
  std::chrono::duration<double> took;
  std::chrono::duration<double> computed;  // processor time of workers and spares
};

void print(std::ostream& out, const outcome& all, const served& by_server, double rate, const filch::pool_metrics& pool,
           const effort& spent);

}  // namespace crawl
