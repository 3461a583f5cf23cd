#include "cambium/train/record/loss_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cambium::train {

void LossStatistics::add(double loss) {
  ++count;
  // Weights of a plain mean at first, of the exponential one later.
  const double weight = std::max(1.0 - kDecay, 1.0 / static_cast<double>(count));
  const double deviation = loss - mean;
  mean += weight * deviation;
  variance = (1 - weight) * (variance + weight * deviation * deviation);
}

bool LossStatistics::tell() const {
  constexpr int64_t kNeeded = 50;
  return count >= kNeeded && variance > 0;
}

double LossStatistics::z_score(double loss) const { return tell() ? (loss - mean) / std::sqrt(variance) : 0.0; }

double LossStatistics::loss_at(double z_score) const {
  return tell() ? mean + z_score * std::sqrt(variance) : std::numeric_limits<double>::infinity();
}

}  // namespace cambium::train
