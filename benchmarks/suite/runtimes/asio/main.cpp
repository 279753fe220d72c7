#include "suite/program.hpp"
#include "suite/runtimes/asio/runtime.hpp"

int main(int argc, char** argv) { return suite::program<suite::asio_runtime>(argc, argv); }
