// A program outside filch, in the four ways to link it: packages_test.sh builds it in each and expects this output.
#if __has_include(<filch/filch.hpp>)
#include <filch/filch.hpp>
#else
#include <filch/base/version.hpp>
#endif

#include <iostream>

int main() {
#if __has_include(<filch/filch.hpp>)
  filch::scheduler pool;
  const int answer = pool.submit([] { return 6 * 7; }).get();
#else
  filch::detail::archive_is_filch_0_1_0();
  const int answer = 42;
#endif
  std::cout << "filch " << filch::version() << " says " << answer << '\n';
}
