#pragma once

#include <string>

namespace cambium {

/// This machine's name; "localhost" where it has none.
std::string host_name();

}  // namespace cambium
