#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace cambium::data {

/// Weights as shares with a common denominator. Weights with up to six decimals (0.7, 0.055, 3) are taken over exactly
/// where the denominator stays below `kMaxShares`; others are rounded to the nearest multiple of 1 / kMaxShares, never
/// to 0.
inline constexpr int64_t kMaxShares = int64_t{1} << 20;
std::vector<int64_t> integer_shares(std::span<const double> weights);

/// An endless sequence of turns among k parties in which, after any number n of turns, party s has had w_s n turns to
/// within one. Tijdeman's rule for the chairman assignment problem (Discrete Mathematics 32, 1980): among the parties
/// that may take the turn without running ahead, the one whose turn falls due first. The sequence repeats after
/// sum(shares) turns, so one period in memory answers for any n.
class TurnSequence {
 public:
  /// `shares` are positive; their sum is the period.
  explicit TurnSequence(std::span<const int64_t> shares);

  int party(int64_t turn) const { return order_[static_cast<size_t>(turn % period_)]; }
  /// Turns of each party among the first `turns`.
  std::vector<int64_t> counts(int64_t turns) const;
  int64_t period() const { return period_; }

 private:
  int64_t period_;
  std::vector<int32_t> order_;               ///< party of each turn of a period
  std::vector<std::vector<int32_t>> turns_;  ///< turns of each party within a period, ascending
};

}  // namespace cambium::data
