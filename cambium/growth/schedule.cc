#include "cambium/growth/schedule.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "cambium/base/error.h"

namespace cambium::growth {
namespace {

using Integer = __int128;

void check_prop(int num_stages, double alpha) {
  constexpr int kMostStages = 1 << 16;
  if (num_stages < 1 || num_stages > kMostStages) {
    throw InvalidArgument(format("PROP: expected 1 to {} stages, found {}", kMostStages, num_stages));
  }
  if (!std::isfinite(alpha)) throw InvalidArgument(format("alpha: expected a finite number, found {}", alpha));
}

/// sum of j^alpha for j = 1..i, for every i up to `num_stages`, where all of them and their products with `factor` are
/// integers of 128 bits.
std::optional<std::vector<Integer>> exact_sums(int num_stages, double alpha, int64_t factor) {
  constexpr double kHighestPower = 127;
  if (alpha < 0 || alpha > kHighestPower || alpha != std::floor(alpha)) return std::nullopt;
  std::vector<Integer> sums;
  Integer sum = 0, product = 0;
  for (int stage = 1; stage <= num_stages; ++stage) {
    Integer power = 1;
    for (int i = 0; i < static_cast<int>(alpha); ++i) {
      if (__builtin_mul_overflow(power, Integer{stage}, &power)) return std::nullopt;
    }
    if (__builtin_add_overflow(sum, power, &sum) || __builtin_mul_overflow(sum, Integer{factor}, &product)) {
      return std::nullopt;
    }
    sums.push_back(sum);
  }
  return sums;
}

/// The same for any alpha, relative to the last stage's share so that large powers stay in range.
std::vector<long double> rounded_sums(int num_stages, double alpha) {
  std::vector<long double> sums;
  long double sum = 0;
  for (int stage = 1; stage <= num_stages; ++stage) {
    sum += std::pow(static_cast<long double>(stage) / num_stages, static_cast<long double>(alpha));
    sums.push_back(sum);
  }
  return sums;
}

void check_steps(std::span<const int64_t> steps) {
  int64_t previous = 0;
  for (const int64_t step : steps) {
    if (step <= previous) {
      throw InvalidArgument(
          previous == 0 ? format("growth steps: expected at least one step before the first growth, found a growth "
                                 "after {}; give growth more steps or fewer stages",
                                 step)
                        : format("growth steps: expected ascending steps, found {} after {}", step, previous));
    }
    previous = step;
  }
}

}  // namespace

std::vector<int64_t> prop_schedule(int num_stages, double alpha, int64_t total_steps) {
  check_prop(num_stages, alpha);
  if (total_steps < 0) throw InvalidArgument(format("PROP: expected 0 or more steps, found {}", total_steps));
  std::vector<int64_t> steps;
  const auto last = static_cast<size_t>(num_stages) - 1;
  if (const auto sums = exact_sums(num_stages, alpha, total_steps)) {
    for (size_t i = 0; i < last; ++i) steps.push_back(static_cast<int64_t>((*sums)[i] * total_steps / sums->back()));
    return steps;
  }
  const std::vector<long double> sums = rounded_sums(num_stages, alpha);
  // Lifts a sum that should be a whole number, but lost its last bits, over the edge that `floor` cuts at.
  constexpr long double kLift = 1 + 16 * std::numeric_limits<long double>::epsilon();
  for (size_t i = 0; i < last; ++i) {
    steps.push_back(static_cast<int64_t>(std::floor(sums[i] / sums.back() * total_steps * kLift)));
  }
  return steps;
}

std::vector<GrowthEvent> plan_growth(std::string_view op, int final_layers, int block_size,
                                     std::span<const int64_t> steps) {
  if (steps.empty()) return {};
  check_steps(steps);
  if (block_size < 1) throw InvalidArgument(format("block_size: expected 1 or more layers, found {}", block_size));
  const auto growths = static_cast<int64_t>(steps.size());
  const int64_t initial_layers = final_layers - growths * block_size;
  if (initial_layers < block_size || initial_layers % block_size != 0) {
    const int64_t least = (growths + 1) * block_size;
    const int64_t below = final_layers / block_size * int64_t{block_size};
    const std::string nearest_depths =
        final_layers < least ? format("{}", least) : format("{} or {}", below, below + block_size);
    throw InvalidArgument(
        format("{} layers cannot be reached by growing {} times by a block of {}: the depth at the "
               "end must be a multiple of {} and at least {} (nearest: {})",
               final_layers, growths, block_size, block_size, least, nearest_depths));
  }
  std::vector<GrowthEvent> events;
  int layers = static_cast<int>(initial_layers);
  for (const int64_t step : steps) {
    events.push_back({step, std::string(op), layers, layers + block_size, grow_by(op, layers, block_size)});
    layers += block_size;
  }
  return events;
}

int depth_at(std::span<const GrowthEvent> events, int final_layers, int64_t step) {
  for (const GrowthEvent& event : events) {
    if (step < event.step) return event.from_layers;
  }
  return final_layers;
}

std::vector<int> lineage(int initial_layers, std::span<const GrowthEvent> events) {
  std::vector<int> ancestors(static_cast<size_t>(initial_layers));
  std::iota(ancestors.begin(), ancestors.end(), 0);
  for (const GrowthEvent& event : events) {
    if (event.from_layers != static_cast<int>(ancestors.size())) {
      throw InvalidArgument(format("growth at step {}: expected {} layers before it, found {}", event.step,
                                   ancestors.size(), event.from_layers));
    }
    std::vector<int> grown;
    for (const int source : layer_map(event.from_layers, event.growth)) {
      grown.push_back(ancestors[static_cast<size_t>(source)]);
    }
    ancestors = std::move(grown);
  }
  return ancestors;
}

double mean_depth_fraction(int num_stages, double alpha) {
  check_prop(num_stages, alpha);
  long double weighted = 0, total = 0;
  for (int stage = 1; stage <= num_stages; ++stage) {
    const long double relative_depth = static_cast<long double>(stage) / num_stages;
    const long double share = std::pow(relative_depth, static_cast<long double>(alpha));
    weighted += relative_depth * share;
    total += share;
  }
  return static_cast<double>(weighted / total);
}

}  // namespace cambium::growth
