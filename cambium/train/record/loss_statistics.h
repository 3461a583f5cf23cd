#pragma once

#include <cstdint>

namespace cambium::train {

/// Running mean and variance of the loss, for the spike guard (exponential, decay kDecay a step).
struct LossStatistics {
  static constexpr double kDecay = 0.98;
  double mean = 0, variance = 0;
  int64_t count = 0;

  void add(double loss);
  /// Standard deviations above the mean; 0 while fewer than 50 losses were seen.
  double z_score(double loss) const;
  /// The loss with that z-score; infinite while there is none.
  double loss_at(double z_score) const;

 private:
  bool tell() const;  ///< enough losses were seen, and they differ
};

}  // namespace cambium::train
