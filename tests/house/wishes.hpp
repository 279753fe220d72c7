// What the short pieces of code in the README take for granted.
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <filch/filch.hpp>

using namespace std::chrono_literals;

namespace wishes {

inline const std::vector<std::string> urls{"/", "/about", "/lost"};
inline const std::string url = urls.front();

inline std::string fetch(const std::string& from) {
  if (from == "/lost") throw std::runtime_error("not found");
  return "page " + from;
}
inline bool is_transient(const std::exception_ptr&) { return false; }
inline void use(const std::string& page) { std::puts(page.c_str()); }
inline void complain(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& said) {
    std::puts(said.what());
  }
}
inline int query() {
  std::this_thread::sleep_for(1ms);
  return 1;
}

}  // namespace wishes

using namespace wishes;
