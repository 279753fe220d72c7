// What it takes to have eight workers at work where there was one, and one again: by resizing a pool, and by a pool of its own.
#include <latch>

#include "peers/all.hpp"

namespace {

using namespace peers;

constexpr int many = 8;

struct resized {
  static constexpr const char* name = "filch";

  template <class Meet>
  void with_many(const Meet& meet) {
    pool.resize(many);
    meet(pool);
    pool.resize(1);
  }
  filch::scheduler pool{{.workers = 1, .max_workers = many}};
};

struct made_anew {
  static constexpr const char* name = "filch by hand";

  template <class Meet>
  void with_many(const Meet& meet) {
    filch::scheduler pool({.workers = many});
    meet(pool);
  }
};

// They are all there when as many tasks have met.
template <class Pool>
void have_many(benchmark::State& state) {
  Pool way;
  for (auto _ : state)
    way.with_many([&](filch::scheduler& pool) {
      std::latch all(many);
      for (int i = 0; i != many; ++i) pool.post([&] { all.arrive_and_wait(); });
      pool.wait_idle();
    });
}

const bool added = [] {
  add<resized>("8 workers for 8 tasks", &have_many<resized>);
  add<made_anew>("8 workers for 8 tasks", &have_many<made_anew>);
  return true;
}();

}  // namespace
