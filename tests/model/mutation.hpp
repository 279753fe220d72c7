// Weaker forms of the checked code without a change of its text: every atomic operation, fence and wake-up of the shipped
// sources asks here, by its place in them, whether it is the one that is weaker in this run.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <source_location>
#include <string_view>

namespace filch::model {

enum class change {
  none,
  order,          // a weaker order
  failure_order,  // a weaker order of a compare-and-swap that fails
  two_steps,      // a read-modify-write as a load and a store
  left_out        // nothing is written, or nobody woken; a read-modify-write answers as if it had
};

/// A place in the shipped sources, and what it does there.
struct site {
  std::source_location where;
  std::string_view operation;
  std::memory_order order = std::memory_order_relaxed;
  std::memory_order failure = std::memory_order_relaxed;

  [[nodiscard]] bool is_at(const std::source_location& place) const {
    return where.line() == place.line() && where.column() == place.column() &&
           std::strcmp(where.file_name(), place.file_name()) == 0;
  }
};

/// At most one operation of a program is changed at a time.
class mutator {
 public:
  static constexpr std::size_t most_sites = 512;

  /// Remembers each site that is passed from now on.
  void note_sites() { noting_ = true; }
  void note_no_more() { noting_ = false; }

  [[nodiscard]] std::size_t site_count() const { return site_count_; }
  [[nodiscard]] const site& site_at(std::size_t index) const { return sites_[index]; }

  void weaken(const site& where, change what, std::memory_order order) {
    weak_ = where;
    what_ = what;
    order_ = order;
  }

  /// Each operation passes here; the change is what it must do otherwise.
  change pass(std::string_view operation, std::memory_order order, std::memory_order failure,
              const std::source_location& where) {
    if (noting_) note({where, operation, order, failure});
    return what_ != change::none && weak_.is_at(where) ? what_ : change::none;
  }

  [[nodiscard]] std::memory_order weaker_order() const { return order_; }

 private:
  static bool is_shipped(std::string_view file) {
    return file.starts_with("src/") || file.starts_with("include/filch/") || file.find("/include/filch/") != file.npos;
  }

  void note(const site& passed) {
    if (!is_shipped(passed.where.file_name())) return;
    for (std::size_t i = 0; i != site_count_; ++i)
      if (sites_[i].is_at(passed.where)) return;
    if (site_count_ != most_sites) sites_[site_count_++] = passed;
  }

  std::array<site, most_sites> sites_{};  // no memory is taken: Relacy counts what is
  std::size_t site_count_ = 0;
  bool noting_ = false;
  site weak_;
  change what_ = change::none;
  std::memory_order order_ = std::memory_order_relaxed;
};

inline mutator the_mutator;

}  // namespace filch::model
