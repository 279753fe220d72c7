#include "thumbnail.hpp"

#include <memory>
#include <utility>
#include <vector>

#include <filch/runtime/blocking.hpp>

#include "encode.hpp"
#include "files.hpp"
#include "orientation.hpp"
#include "shrink.hpp"

namespace thumbnails {

namespace {

class stopwatch {
 public:
  explicit stopwatch(made& of) : of_(of) {}

  /// What has passed since the last look was this.
  void was(phase which) {
    const auto now = std::chrono::steady_clock::now();
    of_.spent[static_cast<std::size_t>(which)] += now - std::exchange(last_, now);
  }

 private:
  made& of_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

bitmap shrunk(picture& large, unsigned size, stopwatch& spent, const std::stop_token& stop) {
  shrinker small(large.size(), fitted(large.original(), size), large.channels());
  std::vector<std::uint8_t> row(std::size_t{large.size().width} * large.channels());
  for (std::uint32_t y = 0; y != large.size().height; ++y) {
    go_on_unless(stop);
    large.read(row.data());
    spent.was(phase::decode);
    small.add(row.data());
    spent.was(phase::resize);
  }
  large.finish();
  spent.was(phase::decode);
  return upright(small.take(), large.orientation());
}

}  // namespace

made make_thumbnail(const std::filesystem::path& source, const std::filesystem::path& target, const thumbnail_options& options,
                    const std::stop_token& stop) {
  made done;
  stopwatch spent(done);
  const std::vector<std::uint8_t> file = filch::blocking([&] { return read_file(source, stop); });
  spent.was(phase::read);

  const std::unique_ptr<picture> large = open_picture(file, options.size, stop);
  const bitmap small = shrunk(*large, options.size, spent, stop);
  spent.was(phase::resize);

  const std::vector<std::uint8_t> thumbnail = large->kind() == format::jpeg ? as_jpeg(small, options.quality) : as_png(small);
  spent.was(phase::encode);

  filch::blocking([&] { replace_file(target, thumbnail, source, stop); });
  spent.was(phase::write);
  done.original = large->original();
  done.bytes_in = file.size();
  done.bytes_out = thumbnail.size();
  return done;
}

}  // namespace thumbnails
