#include "cambium/report/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "cambium/base/random.h"

namespace cambium::report {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kMostResamples = 10'000;
constexpr int64_t kMostExact = 5;  // 5^5 = 3125

std::vector<double> exact_means(std::span<const double> values) {
  const size_t n = values.size();
  std::vector<double> means;
  std::vector<size_t> chosen(n, 0);
  for (;;) {
    double sum = 0;
    for (const size_t i : chosen) {
      sum += values[i];
    }
    means.push_back(sum / static_cast<double>(n));
    size_t digit = 0;
    while (digit < n && ++chosen[digit] == n) {
      chosen[digit++] = 0;
    }
    if (digit == n) {
      return means;
    }
  }
}

std::vector<double> drawn_means(std::span<const double> values, uint64_t seed) {
  CounterRandom random(seed, "report.bootstrap");
  std::vector<double> means;
  for (int64_t r = 0; r < kMostResamples; ++r) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      sum += values[random.below(values.size())];
    }
    means.push_back(sum / static_cast<double>(values.size()));
  }
  return means;
}

}  // namespace

double mean(std::span<const double> values) {
  return values.empty() ? kNan
                        : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) {
    return kNan;
  }
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) {
    squares += (value - middle) * (value - middle);
  }
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double quantile(std::span<const double> sorted, double share) {
  if (sorted.empty()) {
    return kNan;
  }
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Difference bootstrap_difference(std::span<const double> differences, uint64_t seed) {
  const auto pairs = static_cast<int64_t>(differences.size());
  Difference found{.mean = mean(differences), .low = kNan, .high = kNan, .pairs = pairs};
  if (pairs < 2 || !std::isfinite(found.mean)) {
    return found;
  }
  std::vector<double> means = pairs <= kMostExact ? exact_means(differences) : drawn_means(differences, seed);
  std::sort(means.begin(), means.end());
  found.low = quantile(means, 0.025);
  found.high = quantile(means, 0.975);
  return found;
}

}  // namespace cambium::report
