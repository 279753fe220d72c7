// The POSIX back end of threads.
#include "runtime/thread.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <memory>
#include <system_error>

#include <unistd.h>

namespace filch::inline v0_1::detail {

namespace {

struct start_parameters {
  thread::entry function;
  void* argument;
};

extern "C" void* filch_thread_start(void* parameters) {
  const start_parameters start = *std::unique_ptr<start_parameters>(static_cast<start_parameters*>(parameters));
  start.function(start.argument);
  return nullptr;
}

class attributes {
 public:
  explicit attributes(std::size_t stack_size) {
    if (::pthread_attr_init(&value_) != 0) throw std::bad_alloc();
    if (stack_size != 0) check(::pthread_attr_setstacksize(&value_, stack_size));
  }
  ~attributes() { ::pthread_attr_destroy(&value_); }
  attributes(const attributes&) = delete;
  attributes& operator=(const attributes&) = delete;
  const pthread_attr_t* get() const noexcept { return &value_; }

 private:
  void check(int code) {
    if (code == 0) return;
    ::pthread_attr_destroy(&value_);
    throw std::system_error(code, std::generic_category(),
                            "filch: the system refuses a thread stack of this size: choose a multiple of the page size");
  }
  pthread_attr_t value_;
};

}  // namespace

void thread::start(entry function, void* argument, std::size_t stack_size) {
  const attributes wanted(stack_size);
  auto parameters = std::make_unique<start_parameters>(start_parameters{function, argument});
  const int code = ::pthread_create(&handle_, wanted.get(), &filch_thread_start, parameters.get());
  if (code != 0)
    throw std::system_error(code, std::generic_category(),
                            "filch: a thread could not be created: raise the limit on processes (ulimit -u) or on memory, "
                            "or ask for fewer workers");
  (void)parameters.release();
}

void thread::join() noexcept { (void)::pthread_join(handle_, nullptr); }

void name_this_thread(const std::string& name, unsigned index) noexcept {
  std::array<char, 12> digits;
  name_this_thread(name, std::string_view(digits.data(), std::to_chars(digits.begin(), digits.end(), index).ptr));
}

void name_this_thread(const std::string& name, std::string_view what) noexcept {
  try {
    constexpr std::size_t longest = 15;
    const std::string suffix = '/' + std::string(what);
    const std::string whole = name.substr(0, longest - std::min(longest, suffix.size())) + suffix;
    (void)::pthread_setname_np(::pthread_self(), whole.c_str());
  } catch (...) {
    return;  // no memory for a name is no reason not to work
  }
}

std::size_t smallest_stack() noexcept {
  const long system = ::sysconf(_SC_THREAD_STACK_MIN);
  return std::max<std::size_t>(16384, system > 0 ? static_cast<std::size_t>(system) : 0);
}

}  // namespace filch::inline v0_1::detail
