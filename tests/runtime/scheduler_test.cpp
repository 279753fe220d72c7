// The pool's public face: submit, post, bulk, and what they answer.
#include <filch/runtime/scheduler.hpp>

#include "runtime/pool_fixture.hpp"

namespace {

using filch_tests::shaped_pool_test;

class scheduler_test : public shaped_pool_test {};
INSTANTIATE_POOL_SHAPES(scheduler_test);

TEST_P(scheduler_test, a_submitted_lambda_runs_and_its_result_comes_back) {
  filch::scheduler& pool = make_shaped_pool();
  EXPECT_EQ(pool.submit([] { return 6 * 7; }).get(), 42);
}

}  // namespace
