#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace cambium::report {

struct RunName {
  std::string variant, seed;
};

/// Splits the name of a run's directory: "lidas-s2" and "lidas-seed2" are seed 2 of lidas; "lidas-2" is so where the
/// configuration's seed is 2. Otherwise the whole name is the variant and the seed the configuration's ("" without).
RunName name_of_run(const std::filesystem::path& directory, const std::optional<uint64_t>& configured_seed);

}  // namespace cambium::report
