#include "cambium/report/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "cambium/base/random.h"

namespace cambium::report {
namespace {

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

namespace {

/// The 97.5 % quantile of Student's t distribution; from the tables of any textbook, between entries the larger one.
double t_quantile(int64_t degrees) {
  constexpr std::array kTable{12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.30600, 2.26216, 2.22814,
                              2.20099, 2.17881, 2.16037, 2.14479, 2.13145, 2.11991, 2.10982, 2.10092, 2.09302, 2.08596};
  return degrees <= std::ssize(kTable) ? kTable[static_cast<size_t>(degrees - 1)] : kTable.back();
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
  const double reach = t_quantile(pairs - 1) * standard_deviation(differences) / std::sqrt(static_cast<double>(pairs));
  found.t_low = found.mean - reach;
  found.t_high = found.mean + reach;
  return found;
}

}  // namespace cambium::report
