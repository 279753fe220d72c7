// What an answer says.
#pragma once

#include <string_view>
#include <vector>

namespace crawl {

/// The pages that an answer links to. `text` is all that came until the connection was closed. Throws fetch_error.
std::vector<unsigned> links_in(std::string_view text);

}  // namespace crawl
