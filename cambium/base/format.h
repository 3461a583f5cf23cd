#pragma once

// One place that decides how fmt is used: header-only, because LibTorch ships a newer fmt beside the system's and each
// file must take its code from the headers that it sees.
#define FMT_HEADER_ONLY 1
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>

namespace cambium {

struct Formatter {
  template <typename... Args>
  std::string operator()(fmt::format_string<Args...> text, Args&&... args) const {
    return fmt::format(text, std::forward<Args>(args)...);
  }
};

/// fmt::format. An object and not a function, so that a std::string among the arguments does not make the call
/// ambiguous with std::format where the standard library has one (GCC 13 and newer).
inline constexpr Formatter format{};  // NOLINT(readability-identifier-naming): is called like a function

}  // namespace cambium
