#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/report/run.h"

namespace cambium::report {

/// Numbers with up to three indices; NaN for null.
struct Array {
  std::vector<size_t> shape;
  std::vector<double> values;  ///< row by row
  double at(size_t i, size_t j) const { return values[i * shape[1] + j]; }
  formats::Json json() const;
};

/// The array `name` of an analysis, nothing where it has none. Throws InvalidInput that names the file and the array
/// where its lists are not of one length or hold something else than numbers.
std::optional<Array> read_array(const AnalysisFile& analysis, std::string_view name);

/// An array over the seeds of a variant.
struct SeedMean {
  Array mean, spread;  ///< spread: standard deviation; NaN for one seed
  size_t seeds = 0;
  size_t left_out = 0;  ///< seeds with another shape
  /// "mean of 3 seeds", "one seed".
  std::string note() const;
};
std::optional<SeedMean> seed_mean(const Variant& variant, std::string_view analysis, std::string_view name);

}  // namespace cambium::report
