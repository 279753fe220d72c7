// A program outside filch, in the four ways to link it: packages_test.sh builds it in each and expects this output.
#include <iostream>

#include <filch/filch.hpp>

int main() {
  filch::scheduler pool;
  const int answer = pool.submit([] { return 6 * 7; }).get();
  std::cout << "filch " << filch::version() << " says " << answer << '\n';
}
