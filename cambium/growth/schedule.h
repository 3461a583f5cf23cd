#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/growth/operator.h"

namespace cambium::growth {

/// PROP-alpha (Saunshi et al. 2024): stage i of k (1-based, depth i * block) lasts in proportion to i^alpha. Gives the
/// k - 1 steps after which the model grows: floors of the cumulative sums; the last stage takes the rest.
std::vector<int64_t> prop_schedule(int num_stages, double alpha, int64_t total_steps);

/// Growth as an event, planned before the run. `step` steps are taken at the old depth.
struct GrowthEvent {
  int64_t step;
  std::string op;
  int from_layers;
  int to_layers;
  Growth growth;
  bool operator==(const GrowthEvent&) const = default;
};

/// The events of a run that ends with `final_layers`, growing by `block_size` layers after each step of `steps`
/// (ascending, positive). Throws InvalidArgument where the depths do not work out, naming the nearest that do.
std::vector<GrowthEvent> plan_growth(std::string_view op, int final_layers, int block_size,
                                     std::span<const int64_t> steps);

/// Depth in effect for the (0-based) step.
int depth_at(std::span<const GrowthEvent> events, int final_layers, int64_t step);

/// Which of the initial layers each layer descends from, after all events.
std::vector<int> lineage(int initial_layers, std::span<const GrowthEvent> events);

/// Mean depth over final depth with PROP-alpha: sum i^(alpha+1) / (k * sum i^alpha).
double mean_depth_fraction(int num_stages, double alpha);

}  // namespace cambium::growth
