#include "suite/program.hpp"
#include "suite/runtimes/filch/runtime.hpp"

int main(int argc, char** argv) { return suite::program<suite::filch_runtime>(argc, argv); }
