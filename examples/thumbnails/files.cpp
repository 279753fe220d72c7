#include "files.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failure.hpp"

namespace thumbnails {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = std::size_t{1} << 30;
constexpr std::size_t piece = std::size_t{1} << 20;

class descriptor {
 public:
  descriptor(int opened, const char* what) : number_(opened) {
    if (opened < 0) throw io_error(errno, what);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) (void)::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

  /// For what was written: some file systems say only here that it had no room.
  void close(const char* what) {
    if (::close(std::exchange(number_, -1)) != 0 && errno != EINTR) throw io_error(errno, what);
  }

 private:
  int number_;
};

std::mutex temporaries_mutex;
std::set<fs::path> temporaries;  // those that are there

/// Removed in the end, unless it was renamed.
class temporary {
 public:
  explicit temporary(const fs::path& directory) {
    static unsigned made = 0;
    const std::scoped_lock lock(temporaries_mutex);
    path_ = directory / (".thumbnail-" + std::to_string(::getpid()) + "-" + std::to_string(++made));
    temporaries.insert(path_);
    number_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (number_ >= 0) return;
    const int why = errno;
    temporaries.erase(path_);
    throw io_error(why, "cannot make the thumbnail");
  }
  temporary(const temporary&) = delete;
  temporary& operator=(const temporary&) = delete;
  ~temporary() {
    const std::scoped_lock lock(temporaries_mutex);
    if (temporaries.erase(path_) != 0) (void)::unlink(path_.c_str());
  }

  void write(byte_span contents, const std::stop_token& stop) const {
    descriptor file(number_, "cannot make the thumbnail");
    while (!contents.empty()) {
      go_on_unless(stop);
      const ssize_t written = ::write(file.get(), contents.data(), contents.size());
      if (written >= 0)
        contents = contents.subspan(static_cast<std::size_t>(written));
      else if (errno != EINTR)
        throw io_error(errno, "cannot write the thumbnail");
    }
    file.close("cannot write the thumbnail");
  }

  void rename_to(const fs::path& target) {
    const std::scoped_lock lock(temporaries_mutex);
    if (::rename(path_.c_str(), target.c_str()) != 0) throw io_error(errno, "cannot put the thumbnail in its place");
    temporaries.erase(path_);
  }

 private:
  fs::path path_;
  int number_ = -1;
};

void require_other_file(const fs::path& target, const fs::path& source) {
  struct stat there {};
  struct stat original {};
  if (::stat(target.c_str(), &there) != 0 || ::stat(source.c_str(), &original) != 0) return;
  if (there.st_dev == original.st_dev && there.st_ino == original.st_ino)
    throw image_error("the thumbnail would replace the image itself");
}

}  // namespace

std::vector<std::uint8_t> read_file(const fs::path& path, const std::stop_token& stop) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY), "cannot open it");
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) throw io_error(errno, "cannot look at it");
  std::vector<std::uint8_t> contents;
  contents.reserve(static_cast<std::size_t>(std::clamp<off_t>(found.st_size, 0, largest_file)) + 1);
  for (;;) {
    go_on_unless(stop);
    const std::size_t before = contents.size();
    if (before > largest_file) throw too_large("the file is larger than 1 GiB, and such are not read");
    contents.resize(std::max(before + 1, std::min(contents.capacity(), before + piece)));
    const ssize_t got = ::read(file.get(), contents.data() + before, contents.size() - before);
    const int why = errno;
    contents.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return contents;
    if (got < 0 && why != EINTR) throw io_error(why, "cannot read it");
  }
}

void replace_file(const fs::path& target, byte_span contents, const fs::path& source, const std::stop_token& stop) {
  std::error_code failed;
  fs::create_directories(target.parent_path(), failed);
  if (failed) throw io_error(failed.value(), "cannot make the directory of the thumbnail");
  require_other_file(target, source);
  temporary file(target.parent_path());
  file.write(contents, stop);
  go_on_unless(stop);
  file.rename_to(target);
}

// The lock stays taken, so that none is made between the last look and the end. Who has it may be in a call that never returns.
void exit_without_waiting(int status) noexcept {
  bool is_ours = temporaries_mutex.try_lock();
  for (int patience = 100; !is_ours && patience != 0; --patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    is_ours = temporaries_mutex.try_lock();
  }
  if (is_ours)
    for (const fs::path& each : temporaries) (void)::unlink(each.c_str());
  ::_exit(status);
}

}  // namespace thumbnails
