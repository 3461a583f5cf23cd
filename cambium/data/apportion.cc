#include "cambium/data/apportion.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cambium/base/error.h"

namespace cambium::data {
namespace {

/// The weights times `scale` where all of them come out whole and small enough; else empty.
std::vector<int64_t> whole_multiples(std::span<const double> weights, double scale) {
  std::vector<int64_t> shares;
  double sum = 0;
  for (double weight : weights) {
    const double scaled = weight * scale;
    const double rounded = std::round(scaled);
    sum += rounded;
    if (rounded < 1 || sum > 1e15 || std::abs(scaled - rounded) > 1e-9 * rounded) return {};
    shares.push_back(static_cast<int64_t>(rounded));
  }
  int64_t divisor = 0;
  for (int64_t share : shares) divisor = std::gcd(divisor, share);
  for (int64_t& share : shares) share /= divisor;
  if (std::accumulate(shares.begin(), shares.end(), int64_t{0}) > kMaxShares) return {};
  return shares;
}

}  // namespace

std::vector<int64_t> integer_shares(std::span<const double> weights) {
  double total = 0;
  for (double weight : weights) {
    if (!(weight > 0) || !std::isfinite(weight))
      throw InvalidArgument(format("weight {}: expected a positive number", weight));
    total += weight;
  }
  for (double scale = 1; scale <= 1e6; scale *= 10) {
    if (auto shares = whole_multiples(weights, scale); !shares.empty()) return shares;
  }
  std::vector<int64_t> shares;
  for (double weight : weights) {
    shares.push_back(std::max<int64_t>(1, std::llround(weight / total * static_cast<double>(kMaxShares))));
  }
  return shares;
}

TurnSequence::TurnSequence(std::span<const int64_t> shares)
    : period_(std::accumulate(shares.begin(), shares.end(), int64_t{0})), turns_(shares.size()) {
  // With error e_s = w_s n - c_s before the turn's choice, a party is eligible where e_s >= 1 / K, K = 2 (k - 1), and
  // its turn falls due after (1 - 1 / K - e_s) / w_s further turns. Everything is multiplied by K * period: no
  // rounding.
  const auto k = static_cast<int64_t>(shares.size());
  const int64_t big_k = std::max<int64_t>(1, 2 * (k - 1));
  std::vector<int64_t> count(shares.size(), 0);
  order_.reserve(static_cast<size_t>(period_));
  for (int64_t n = 1; n <= period_; ++n) {
    int best = -1;
    int64_t best_slack = 0;
    for (int s = 0; s < k; ++s) {
      const int64_t error = shares[s] * n - period_ * count[s];
      if (k > 1 && big_k * error < period_) continue;
      const int64_t slack = (big_k - 1) * period_ - big_k * error;
      if (best < 0 || static_cast<__int128>(slack) * shares[best] < static_cast<__int128>(best_slack) * shares[s]) {
        best = s;
        best_slack = slack;
      }
    }
    if (best < 0) fail("internal: no party may take turn {} of {}", n, period_);
    turns_[static_cast<size_t>(best)].push_back(static_cast<int32_t>(order_.size()));
    order_.push_back(best);
    ++count[static_cast<size_t>(best)];
  }
}

std::vector<int64_t> TurnSequence::counts(int64_t turns) const {
  const int64_t periods = turns / period_;
  const int64_t rest = turns % period_;
  std::vector<int64_t> result;
  for (const auto& own : turns_) {
    const auto within = std::lower_bound(own.begin(), own.end(), rest) - own.begin();
    result.push_back(periods * static_cast<int64_t>(own.size()) + within);
  }
  return result;
}

}  // namespace cambium::data
