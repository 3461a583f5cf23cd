#include "cambium/growth/schedule.h"

#include <algorithm>
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

void check_depths(std::span<const int64_t> depths) {
  for (size_t i = 0; i < depths.size(); ++i) {
    if (depths[i] <= (i == 0 ? 0 : depths[i - 1])) {
      throw InvalidArgument(format("PROP: expected ascending depths, found {}", fmt::join(depths, ", ")));
    }
  }
}

/// Sums of the first depths^alpha, one for each stage, where all of them and their products with `factor` are integers
/// of 128 bits.
std::optional<std::vector<Integer>> exact_sums(std::span<const int64_t> depths, double alpha, int64_t factor) {
  constexpr double kHighestPower = 127;
  if (alpha < 0 || alpha > kHighestPower || alpha != std::floor(alpha)) return std::nullopt;
  std::vector<Integer> sums;
  Integer sum = 0, product = 0;
  for (const int64_t depth : depths) {
    Integer power = 1;
    for (int i = 0; i < static_cast<int>(alpha); ++i) {
      if (__builtin_mul_overflow(power, Integer{depth}, &power)) return std::nullopt;
    }
    if (__builtin_add_overflow(sum, power, &sum) || __builtin_mul_overflow(sum, Integer{factor}, &product)) {
      return std::nullopt;
    }
    sums.push_back(sum);
  }
  return sums;
}

/// The same for any alpha, relative to the last stage's share so that large powers stay in range.
std::vector<long double> rounded_sums(std::span<const int64_t> depths, double alpha) {
  std::vector<long double> sums;
  long double sum = 0;
  for (const int64_t depth : depths) {
    sum += std::pow(static_cast<long double>(depth) / static_cast<long double>(depths.back()),
                    static_cast<long double>(alpha));
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
  std::vector<int64_t> stages(static_cast<size_t>(num_stages));
  std::iota(stages.begin(), stages.end(), int64_t{1});
  return prop_schedule(stages, alpha, total_steps);
}

std::vector<int64_t> prop_schedule(std::span<const int64_t> depths, double alpha, int64_t total_steps) {
  check_prop(static_cast<int>(depths.size()), alpha);
  check_depths(depths);
  if (total_steps < 0) throw InvalidArgument(format("PROP: expected 0 or more steps, found {}", total_steps));
  std::vector<int64_t> steps;
  const size_t last = depths.size() - 1;
  if (const auto sums = exact_sums(depths, alpha, total_steps)) {
    for (size_t i = 0; i < last; ++i) steps.push_back(static_cast<int64_t>((*sums)[i] * total_steps / sums->back()));
    return steps;
  }
  const std::vector<long double> sums = rounded_sums(depths, alpha);
  // Lifts a sum that should be a whole number, but lost its last bits, over the edge that `floor` cuts at.
  constexpr long double kLift = 1 + 16 * std::numeric_limits<long double>::epsilon();
  for (size_t i = 0; i < last; ++i) {
    steps.push_back(static_cast<int64_t>(std::floor(sums[i] / sums.back() * total_steps * kLift)));
  }
  return steps;
}

int initial_depth(const Operator& op, int final_layers, int block_size, int64_t growths) {
  if (growths == 0) return final_layers;
  if (op.doubles) {
    constexpr int64_t kMostDoublings = 30;
    const int64_t factor = int64_t{1} << std::min(growths, kMostDoublings);
    if (growths <= kMostDoublings && final_layers % factor == 0) return static_cast<int>(final_layers / factor);
    const int64_t below = final_layers / factor * factor;
    throw InvalidArgument(format("{} layers cannot be reached by doubling {} times (nearest: {})", final_layers,
                                 growths,
                                 below > 0 ? format("{} or {}", below, below + factor) : format("{}", factor)));
  }
  if (block_size < 1) throw InvalidArgument(format("block_size: expected 1 or more layers, found {}", block_size));
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
  return static_cast<int>(initial_layers);
}

int growths_between(const Operator& op, int initial_layers, int final_layers, int block_size) {
  int growths = 0;
  int64_t layers = initial_layers;
  for (; layers < final_layers; ++growths) layers += op.doubles ? layers : block_size;
  if (layers == final_layers) return growths;
  const int64_t before = layers - (op.doubles ? layers / 2 : block_size);
  throw InvalidArgument(format("{} layers do not grow to {} with {}{} (nearest: {} or {})", initial_layers,
                               final_layers, op.name, op.doubles ? "" : format(" by {}", block_size), before, layers));
}

std::vector<GrowthEvent> plan_growth(std::string_view op, int final_layers, int block_size,
                                     std::span<const int64_t> steps, uint64_t seed) {
  if (steps.empty()) return {};
  check_steps(steps);
  const Operator& how = find_operator(op);
  int layers = initial_depth(how, final_layers, block_size, static_cast<int64_t>(steps.size()));
  std::vector<GrowthEvent> events;
  for (const int64_t step : steps) {
    const GrowthRequest request{.num_layers = layers, .block_size = how.doubles ? 1 : block_size, .seed = seed};
    const int grown = depth_after(how, layers, block_size);
    events.push_back({step, std::string(op), layers, grown, how.grow(request)});
    layers = grown;
  }
  return events;
}

std::vector<GrowthEvent> plan_explicit(int final_layers, std::span<const ExplicitGrowth> growths) {
  int64_t layers = final_layers;
  std::vector<int64_t> steps;
  for (const ExplicitGrowth& growth : growths) {
    layers -= static_cast<int64_t>(growth.sources.size());
    steps.push_back(growth.step);
  }
  check_steps(steps);
  if (layers < 1) {
    throw InvalidArgument(format("{} layers at the end leave {} at the start, before {} growths that add {}",
                                 final_layers, layers, growths.size(), final_layers - layers));
  }
  std::vector<GrowthEvent> events;
  for (size_t i = 0; i < growths.size(); ++i) {
    const ExplicitGrowth& told = growths[i];
    const auto fits = [&](int64_t layer, int64_t end) { return layer >= 0 && layer < end; };
    const bool known =
        std::all_of(told.sources.begin(), told.sources.end(), [&](int64_t l) { return fits(l, layers); });
    if (told.sources.empty() || !known || !fits(told.insert_at, layers + 1)) {
      throw InvalidArgument(
          format("growth {}: expected sources below the {} layers it meets and an insertion at 0 to "
                 "{}, found sources {} inserted at {}",
                 i, layers, layers, fmt::join(told.sources, " "), told.insert_at));
    }
    const auto grown = layers + static_cast<int64_t>(told.sources.size());
    events.push_back({told.step,
                      std::string(kExplicit),
                      static_cast<int>(layers),
                      static_cast<int>(grown),
                      {std::vector<int>(told.sources.begin(), told.sources.end()), static_cast<int>(told.insert_at)}});
    layers = grown;
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
      grown.push_back(source == kNoSource ? kNoSource : ancestors[static_cast<size_t>(source)]);
    }
    ancestors = std::move(grown);
  }
  return ancestors;
}

std::vector<int> final_positions(int layers, std::span<const GrowthEvent> events) {
  std::vector<int> positions(static_cast<size_t>(layers));
  std::iota(positions.begin(), positions.end(), 0);
  for (const GrowthEvent& event : events) {
    for (size_t i = 0; i < event.growth.sources.size(); ++i) {
      for (int& position : positions) position += position >= event.growth.place(i) ? 1 : 0;
    }
  }
  return positions;
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
