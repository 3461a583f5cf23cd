#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace cambium::config {

/// Tables inside a section, written `{...}`; "none" stands for an absent one.
inline constexpr std::string_view kRopeScaling = "model.rope_scaling";
inline constexpr std::string_view kLoop = "model.loop";
inline constexpr std::string_view kSymmetrize = "growth.symmetrize";
inline constexpr std::array kTables{kRopeScaling, kLoop, kSymmetrize};

/// Lists of tables, written `[[...]]`.
inline constexpr std::string_view kSources = "data.source";
inline constexpr std::string_view kEvents = "growth.event";
inline constexpr std::array kLists{kSources, kEvents};

template <typename Names>
constexpr bool is_one_of(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace cambium::config
