#pragma once

#include <cstdint>
#include <span>

#include "cambium/report/run.h"

namespace cambium::report {

/// Mean; NaN of nothing.
double mean(std::span<const double> values);
/// Standard deviation of a sample (n - 1 in the denominator); NaN of fewer than two values.
double standard_deviation(std::span<const double> values);
/// Quantile of sorted values, linear between neighbours as numpy's default.
double quantile(std::span<const double> sorted, double share);

/// The mean of paired differences with two 95 % intervals: by bootstrap, and by Student's t distribution, which is
/// wider for few pairs and supposes differences that scatter about normally.
struct Difference {
  double mean, low, high;
  int64_t pairs;
  double t_low = kNan, t_high = kNan;
  bool has_interval() const { return pairs >= 2; }
  /// Whether 0 lies outside of the interval.
  bool told_apart() const { return has_interval() && (low > 0 || high < 0); }
};

/// Resamples pairs with replacement and takes the 2.5 % and 97.5 % quantiles of their means: all n^n resamples where
/// they are at most 10,000 (n up to 5), else 10,000 drawn with the seed. The intervals are NaN for fewer than two
/// pairs.
Difference bootstrap_difference(std::span<const double> differences, uint64_t seed);

}  // namespace cambium::report
