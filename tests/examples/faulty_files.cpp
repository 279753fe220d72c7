// Preloaded before a program, it makes files fail by their names. Reading one that is called
//
//   flaky*    fails twice with an error of the device, then goes well
//   broken*   always fails so
//   waits*    waits until there is a file $FAULTY_FILES/go
//
// and so does writing a file that is called .thumbnail-* where there is a file $FAULTY_FILES/hold. Whoever waits makes a file
// $FAULTY_FILES/waits.
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace {

// Calls are not to be faulty when they are made from here.
bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string name_of(int descriptor) {
  char target[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
  const std::string_view path(target, length < 0 ? 0 : static_cast<std::size_t>(length));
  return std::string(path.substr(path.rfind('/') + 1));
}

void wait_for_go(const std::string& place) {
  const int mark = ::open((place + "/waits").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (mark >= 0) (void)::close(mark);
  while (!is_there(place + "/go")) (void)::usleep(10'000);
}

template <class Call>
Call next(const char* name) {
  return reinterpret_cast<Call>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" __attribute__((visibility("default"))) ssize_t read(int descriptor, void* to, std::size_t size) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t)>("read");
  static std::atomic<int> flaky_reads{0};
  const char* const place = std::getenv("FAULTY_FILES");
  if (place == nullptr) return real(descriptor, to, size);
  const std::string name = name_of(descriptor);
  if (name.starts_with("waits")) wait_for_go(place);
  if (name.starts_with("broken") || (name.starts_with("flaky") && flaky_reads++ < 2)) {
    errno = EIO;
    return -1;
  }
  return real(descriptor, to, size);
}

extern "C" __attribute__((visibility("default"))) ssize_t write(int descriptor, const void* from, std::size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  const char* const place = std::getenv("FAULTY_FILES");
  if (place != nullptr && is_there(std::string(place) + "/hold") && name_of(descriptor).starts_with(".thumbnail-"))
    wait_for_go(place);
  return real(descriptor, from, size);
}
