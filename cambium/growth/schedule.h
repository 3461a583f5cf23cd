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
/// The same for stages of any depths, ascending, in blocks: each lasts in proportion to depth^alpha.
std::vector<int64_t> prop_schedule(std::span<const int64_t> depths, double alpha, int64_t total_steps);

/// Growth as an event, planned before the run. `step` steps are taken at the old depth.
struct GrowthEvent {
  int64_t step;
  std::string op;
  int from_layers;
  int to_layers;
  Growth growth;
  bool operator==(const GrowthEvent&) const = default;
};

/// The depth at the start of a run that reaches `final_layers` by growing `growths` times. Throws InvalidArgument where
/// there is none, naming the nearest final depths that work out.
int initial_depth(const Operator& op, int final_layers, int block_size, int64_t growths);

/// How often a model of `initial_layers` must grow to have `final_layers`. Throws InvalidArgument where it never does.
int growths_between(const Operator& op, int initial_layers, int final_layers, int block_size);

/// The events of a run that ends with `final_layers`, growing after each step of `steps` (ascending, positive). Throws
/// InvalidArgument where the depths do not work out.
std::vector<GrowthEvent> plan_growth(std::string_view op, int final_layers, int block_size,
                                     std::span<const int64_t> steps, uint64_t seed = 1);

/// A growth that is spelled out: copies of `sources`, inserted at `insert_at`.
struct ExplicitGrowth {
  int64_t step = 0;
  std::vector<int64_t> sources;
  int64_t insert_at = 0;
};
constexpr std::string_view kExplicit = "explicit";

/// The events of a run that ends with `final_layers`, growing as told. Throws InvalidArgument where a growth does not
/// fit the depth it meets, naming its index.
std::vector<GrowthEvent> plan_explicit(int final_layers, std::span<const ExplicitGrowth> growths);

/// Depth in effect for the (0-based) step.
int depth_at(std::span<const GrowthEvent> events, int final_layers, int64_t step);

/// Which of the initial layers each layer descends from, after all events; kNoSource: from none.
std::vector<int> lineage(int initial_layers, std::span<const GrowthEvent> events);

/// Where each of `layers` layers stands after `events`.
std::vector<int> final_positions(int layers, std::span<const GrowthEvent> events);

/// Mean depth over final depth with PROP-alpha: sum i^(alpha+1) / (k * sum i^alpha).
double mean_depth_fraction(int num_stages, double alpha);

}  // namespace cambium::growth
