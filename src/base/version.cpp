// The symbol that ties the headers to this archive.
#include <filch/base/version.hpp>

namespace filch::inline v0_1::detail {

void archive_is_filch_0_1_0() noexcept {}

}  // namespace filch::inline v0_1::detail
