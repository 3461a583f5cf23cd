#pragma once

// One place that decides how fmt is used: header-only, because LibTorch ships a newer fmt beside the system's and each
// file must take its code from the headers that it sees.
#define FMT_HEADER_ONLY 1
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cambium {
using fmt::format;
}
