#include "suite/program.hpp"
#include "suite/runtimes/tbb/runtime.hpp"

int main(int argc, char** argv) { return suite::program<suite::tbb_runtime>(argc, argv); }
