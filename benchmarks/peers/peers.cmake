# What filch is measured beside, as far as it is installed.
add_library(filch_peers INTERFACE)

# filch_peer(<macro> <name> <Debian package> <found> [<target>...])
function(filch_peer macro name package found)
  if(found)
    target_compile_definitions(filch_peers INTERFACE ${macro}=1)
    target_link_libraries(filch_peers INTERFACE ${ARGN})
  else()
    target_compile_definitions(filch_peers INTERFACE ${macro}=0)
    message(NOTICE "The benchmarks leave out ${name}: it is not installed (on Debian: ${package}).")
  endif()
endfunction()

find_package(TBB CONFIG QUIET)
find_package(OpenMP QUIET COMPONENTS CXX)
find_package(Boost 1.70 QUIET)

filch_peer(PEER_TBB oneTBB libtbb-dev "${TBB_FOUND}" TBB::tbb)
filch_peer(PEER_OPENMP OpenMP "libgomp1 with g++, libomp-dev with clang" "${OpenMP_CXX_FOUND}" OpenMP::OpenMP_CXX)
filch_peer(PEER_ASIO Boost.Asio libboost-dev "${Boost_FOUND}" Boost::headers)
