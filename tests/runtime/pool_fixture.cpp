// The checks after each test, and how a test holds a pool still.
#include "runtime/pool_fixture.hpp"

#include <cstdlib>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "memory/slab.hpp"
#include "runtime/pool_core.hpp"

namespace filch_tests {

bool long_form() noexcept {
  const char* const wanted = std::getenv("FILCH_LONG_TESTS");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + watchdog;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

void event::set() const {
  const std::scoped_lock lock(shared_->mutex);
  shared_->set = true;
  shared_->changed.notify_all();
}

bool event::wait() const {
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_for(lock, watchdog, [&] { return shared_->set; });
}

bool event::is_set() const {
  const std::scoped_lock lock(shared_->mutex);
  return shared_->set;
}

held_workers::held_workers(filch::scheduler& pool, unsigned count) {
  auto inside = std::make_shared<std::atomic<unsigned>>(0);
  for (unsigned i = 0; i != count; ++i)
    pool.post([inside, released = released_] {
      inside->fetch_add(1);
      EXPECT_TRUE(released.wait());
    });
  EXPECT_TRUE(eventually([&] { return inside->load() == count; })) << inside->load() << " of " << count << " inside";
}

void crowd::enter() noexcept {
  const unsigned now = now_.fetch_add(1) + 1;
  unsigned most = most_.load();
  while (most < now && !most_.compare_exchange_weak(most, now)) {
  }
}

bool is_at_rest(const filch::scheduler& pool) { return filch::detail::scheduler_access::core(pool).is_at_rest(); }

pool_test::pool_test() : slabs_before_(filch::detail::slab::in_existence()) {}

filch::scheduler& pool_test::make_pool(filch::scheduler_options options) {
  return *pools_.emplace_back(std::make_unique<filch::scheduler>(std::move(options)));
}

void pool_test::destroy_pool(filch::scheduler& pool) {
  pools_.remove_if([&](const std::unique_ptr<filch::scheduler>& each) { return each.get() == &pool; });
}

void pool_test::TearDown() {
  while (!pools_.empty()) {
    filch::detail::pool_core& core = filch::detail::scheduler_access::core(*pools_.back());
    EXPECT_TRUE(eventually([&] { return core.is_at_rest() || core.stopping(); }))
        << "a worker is neither parked nor dormant, or a task is left:\n"
        << pools_.back()->metrics();
    pools_.pop_back();
  }
  EXPECT_EQ(filch::detail::slab::in_existence(), slabs_before_) << "a task or a future leaked";
}

filch::scheduler_options shaped_pool_test::shape() {
  filch::scheduler_options options;
  options.workers = GetParam().workers;
  options.spin = GetParam().spin;
  return options;
}

std::vector<unsigned> widths() {
  const char* const wanted = std::getenv("FILCH_TEST_WIDTHS");
  if (wanted == nullptr) return {1, 2, 8};
  std::vector<unsigned> list;
  std::istringstream text(wanted);
  for (std::string number; std::getline(text, number, ',');) list.push_back(static_cast<unsigned>(std::stoul(number)));
  return list;
}

std::vector<pool_shape> shapes() {
  std::vector<pool_shape> all;
  for (const std::chrono::nanoseconds spin : {std::chrono::nanoseconds{0}, std::chrono::nanoseconds{20us}})
    for (const unsigned width : widths()) all.push_back({width, spin});
  return all;
}

namespace {
std::string name_of(const pool_shape& shape) {
  return std::to_string(shape.workers) + (shape.workers == 1 ? "_worker" : "_workers") +
         (shape.spin.count() == 0 ? "_not_spinning" : "_spinning");
}
}  // namespace

// For ctest's lists, which are written a thousand times.
void PrintTo(const pool_shape& shape, std::ostream* out) { *out << name_of(shape); }

std::string shape_name(const testing::TestParamInfo<pool_shape>& info) { return name_of(info.param); }

}  // namespace filch_tests
