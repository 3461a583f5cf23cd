#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/report/collect.h"
#include "cambium/report/html.h"
#include "cambium/report/statistics.h"

namespace cambium::report {

/// One number of one run, with the file that it came from.
struct Value {
  std::string seed;
  double value = kNan;
  std::filesystem::path file;
  double standard_error = kNan;  ///< over items, where the file states one
};

inline constexpr int kSignificant = -1;

/// One quantity, measured on runs of several variants.
struct Measure {
  enum class Better { kHigher, kLower, kNeither };
  std::string name;
  int digits = 1;     ///< behind the point; kSignificant: four significant ones
  bool cost = false;  ///< what a run took, not what it came to
  Better better = Better::kNeither;
  std::vector<std::vector<Value>> variants;  ///< in the collection's order; runs that lack it have no entry

  bool empty() const;
  std::string text(double value) const;
  /// Mean over seeds; NaN where one value is NaN, nothing where there is none.
  std::optional<double> mean(size_t variant) const;
  /// Variant minus baseline over the seeds that both have.
  Difference against_baseline(size_t variant) const { return difference(variant, 0); }
  /// One variant minus another, likewise.
  Difference difference(size_t variant, size_t other) const;
};

/// Gathers one number from each run; `get` gives nothing where a run lacks it.
template <typename Get>
Measure measure(const Collection& collection, std::string name, int digits, Measure::Better better, const Get& get) {
  Measure found{.name = std::move(name), .digits = digits, .better = better, .variants = {}};
  for (const Variant& variant : collection.variants) {
    std::vector<Value> values;
    for (const Run& run : variant.runs) {
      if (std::optional<Value> value = get(run)) {
        value->seed = run.seed;
        values.push_back(std::move(*value));
      }
    }
    found.variants.push_back(std::move(values));
  }
  return found;
}

/// Final validation loss, nats a token.
Measure validation_loss(const Collection& collection);

/// Final validation loss, mean score of each group of tasks, training FLOPs, seconds, depth score: those that any run
/// has.
std::vector<Measure> headline_measures(const Collection& collection);

/// The cell of a table: "2.0643 ± 0.0012" with a link to the file of each seed; of one run its number, linked.
std::string cell(const Measure& measure, size_t variant, const Links& links);

/// What a difference says, in words that do not go beyond it: "lower in all resamples", "not told apart", "one seed".
std::string reading(const Difference& difference);

}  // namespace cambium::report
