#include "suite/program.hpp"
#include "suite/runtimes/openmp/runtime.hpp"

int main(int argc, char** argv) { return suite::program<suite::openmp_runtime>(argc, argv); }
