#include "cambium/report/run.h"

#include <algorithm>

namespace cambium::report {

std::optional<double> Run::val_loss() const {
  const auto last = std::find_if(points.rbegin(), points.rend(), [](const Point& p) { return p.val_loss.has_value(); });
  return last == points.rend() ? std::nullopt : last->val_loss;
}

bool Variant::grows() const {
  return std::any_of(runs.begin(), runs.end(), [](const Run& run) { return !run.growths.empty(); });
}

int Variant::block_size() const {
  for (const Run& run : runs) {
    if (run.config) {
      return run.config->growth.block_size;
    }
    if (!run.growths.empty()) {
      return static_cast<int>(run.growths.back().sources.size());
    }
  }
  return 0;
}

}  // namespace cambium::report
