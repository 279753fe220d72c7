#include "suite/program.hpp"
#include "suite/runtimes/std_async/runtime.hpp"

int main(int argc, char** argv) { return suite::program<suite::std_async_runtime>(argc, argv); }
