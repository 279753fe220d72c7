// One request to the server, by calls that block.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include <netinet/in.h>

namespace crawl {

/// Asks for a page and returns all that comes until the server closes the connection. Blocks for as long as the time limit, or
/// until it is stopped. Throws fetch_error.
std::string fetch(const std::stop_token& stop, in_port_t port, unsigned page, std::chrono::milliseconds limit);

}  // namespace crawl
