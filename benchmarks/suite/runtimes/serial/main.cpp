#include "suite/program.hpp"
#include "suite/runtimes/serial/runtime.hpp"

int main(int argc, char** argv) { return suite::program<suite::serial_runtime>(argc, argv); }
