// All images, each a job of the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <list>
#include <string>
#include <vector>

#include <filch/filch.hpp>

#include "interrupt.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "thumbnail.hpp"

namespace thumbnails {

struct outcome {
  std::size_t images = 0;
  std::size_t finished = 0;
  std::size_t failed = 0;
  std::size_t cut_short = 0;      // under way, when the time for that was over
  std::size_t still_running = 0;  // of these, the ones that did not hear of it
  made sum;                       // of those that are finished; the original is not looked at
  std::uint64_t pixels = 0;

  [[nodiscard]] std::size_t not_begun() const noexcept { return images - finished - failed - cut_short; }
};

class batch {
 public:
  batch(filch::scheduler& pool, const options& given, const interrupt_watch& interrupt);

  /// Returns when each image is finished or failed or, after an interrupt, has been given up.
  outcome run(const std::vector<std::filesystem::path>& names);

 private:
  struct image {
    const std::filesystem::path* name;
    filch::future<made> thumbnail;
  };

  bool submit(const std::filesystem::path& name, progress& bar);
  void settle_ready(progress& bar);
  void settle(image& ready, progress& bar);
  void settle_rest(progress& bar);
  [[nodiscard]] std::string complaint_of(const std::exception_ptr& thrown) const;

  filch::scheduler& pool_;
  const options& given_;
  const interrupt_watch& interrupt_;
  filch::admission_gate gate_;
  const filch::job_options job_;

  std::list<image> under_way_;
  outcome all_;
  bool has_said_so_ = false;  // that it was interrupted
};

}  // namespace thumbnails
