#include <algorithm>
#include <numeric>

#include "cambium/config/check.h"
#include "cambium/config/step_count.h"

namespace cambium::config {
namespace {

/// The step interval [begin, end) of one data source.
struct Interval {
  int64_t begin, end;
};

class Resolver {
 public:
  Resolver(const RunConfig& config, int64_t epoch_tokens, const Origins& origins)
      : config_(config), epoch_tokens_(epoch_tokens), origins_(origins) {}

  ResolvedSteps run() {
    steps_.total = steps_of("train.steps", config_.train.steps);
    if (steps_.total == 0) {
      origins_.fail("{} is 0; expected at least one step", origins_.name("train.steps"));
    }
    learning_rate();
    growth();
    sources();
    return steps_;
  }

 private:
  int64_t steps_of(const std::string& key, const StepCount& count) const {
    try {
      return count.steps(config_.train.batch_tokens, epoch_tokens_);
    } catch (const InvalidInput& error) {
      origins_.fail("{}: {}", origins_.name(key), error.what());
    }
  }

  /// "= 200", or "= 10M tokens = 1221 steps".
  static std::string value(const StepCount& count, int64_t steps) {
    return count.unit == StepCount::Unit::kSteps ? format("= {}", steps)
                                                 : format("= {} = {} steps", to_toml(count), steps);
  }
  std::string total() const { return origins_.name("train.steps") + ' ' + value(config_.train.steps, steps_.total); }

  void learning_rate() {
    const TrainSection& train = config_.train;
    const StepCount warmup_count =
        train.warmup_steps.value_or(StepCount{static_cast<double>(default_warmup(steps_.total))});
    steps_.warmup = steps_of("train.warmup_steps", warmup_count);
    steps_.cooldown = train.schedule == "wsd" ? steps_of("train.cooldown_steps", train.cooldown_steps) : 0;
    const std::string warmup = origins_.name("train.warmup_steps") + ' ' + value(warmup_count, steps_.warmup);
    const std::string cooldown =
        origins_.name("train.cooldown_steps") + ' ' + value(train.cooldown_steps, steps_.cooldown);
    if (steps_.warmup > steps_.total) {
      origins_.fail("{} is more than {}", warmup, total());
    }
    if (steps_.cooldown > steps_.total) {
      origins_.fail("{} is more than {}", cooldown, total());
    }
    if (steps_.warmup + steps_.cooldown > steps_.total) {
      origins_.fail("{} and {} are together more than {}", warmup, cooldown, total());
    }
  }

  void growth() {
    const GrowthSection& growth = config_.growth;
    const int layers = static_cast<int>(config_.model.architecture.num_hidden_layers);
    steps_.growth = 0;
    try {
      steps_.initial_layers = start_layers(config_);
      if (growth.op == growth::kExplicit) {
        steps_.events = growth::plan_explicit(layers, growth.event);
        check_end("growth.event", steps_.events.back().step);
        steps_.initial_layers = steps_.events.front().from_layers;
      } else if (growth.grows()) {
        steps_.events =
            growth::plan_growth(growth.op, layers, growth.block_size, growth_steps(layers), config_.run.seed);
      }
      symmetrize(layers);
    } catch (const InvalidArgument& error) {
      origins_.fail("{} = \"{}\": {}", origins_.name("growth.operator"), growth.op, error.what());
    }
  }

  std::vector<int64_t> growth_steps(int layers) {
    const GrowthSection& growth = config_.growth;
    if (growth.schedule == "at") {
      if (!growth.at.empty()) {
        check_end("growth.at", growth.at.back());
      }
      return growth.at;
    }
    const int64_t given = steps_of("growth.steps", growth.steps);
    steps_.growth = given > 0 ? given : steps_.total - steps_.cooldown;
    if (steps_.growth > steps_.total) {
      origins_.fail("{} {} is more than {}", origins_.name("growth.steps"), value(growth.steps, steps_.growth),
                    total());
    }
    if (growth.schedule == "once") {
      return {std::max<int64_t>(1, static_cast<int64_t>(growth.fraction * static_cast<double>(steps_.growth)))};
    }
    return proportional_steps(layers);
  }

  void check_end(const std::string& key, int64_t last) const {
    if (last >= steps_.total) {
      origins_.fail("{}: step {} does not lie before the end, {}", origins_.name(key), last, total());
    }
  }

  /// Which blocks are paired follows from the depth at that step.
  void symmetrize(int final_layers) {
    const GrowthSection& growth = config_.growth;
    if (!growth.symmetrize) {
      return;
    }
    check_end("growth.symmetrize.at", growth.symmetrize->at.back());
    for (const int64_t step : growth.symmetrize->at) {
      const int layers = growth::depth_at(steps_.events, final_layers, step);
      const growth::Symmetrize how{growth.symmetrize->strength, growth.symmetrize->control, config_.run.seed};
      if (layers % growth.block_size != 0) {
        origins_.fail("{}: the {} layers at step {} are no multiple of {} = {}", origins_.name("growth.symmetrize.at"),
                      layers, step, origins_.name("growth.block_size"), growth.block_size);
      }
      try {
        steps_.symmetrized.push_back(
            {step, growth.block_size, how, growth::block_pairs(layers / growth.block_size, how)});
      } catch (const InvalidArgument& error) {
        origins_.fail("{}: step {}: {}", origins_.name("growth.symmetrize.at"), step, error.what());
      }
    }
  }

  std::vector<int64_t> proportional_steps(int layers) {
    const GrowthSection& growth = config_.growth;
    const growth::Operator& op = growth::find_operator(growth.op);
    const int start = start_layers(config_);
    const int growths = growth::growths_between(op, start, layers, growth.block_size);
    // Depths in their common unit: the stages 1, 2, … of a run that starts with one block.
    const int unit = op.doubles ? start : std::gcd(start, growth.block_size);
    std::vector<int64_t> depths{start / unit};
    for (int depth = start, i = 0; i < growths; ++i) {
      depth = growth::depth_after(op, depth, growth.block_size);
      depths.push_back(depth / unit);
    }
    const auto stages = depths.size();
    std::vector<int64_t> at = growth::prop_schedule(depths, growth.power(), steps_.growth);
    for (size_t i = 0; i < at.size(); ++i) {
      if (at[i] <= (i == 0 ? 0 : at[i - 1]) || at[i] >= steps_.total) {
        origins_.fail(
            "{} stages from {} to {} layers do not fit into {} steps of growth ({}, {}): stage {} would be empty",
            stages, start, layers, steps_.growth, total(), origins_.name("growth.steps"), i + 1);
      }
    }
    return at;
  }

  void sources() const {
    std::vector<Interval> intervals;
    for (size_t i = 0; i < config_.data.source.size(); ++i) {
      const DataSource& source = config_.data.source[i];
      const std::string key = format("data.source.{}.", i);
      const int64_t begin = steps_of(key + "from_step", source.from_step);
      const int64_t end = source.to_step ? steps_of(key + "to_step", *source.to_step) : steps_.total;
      if (source.to_step && begin >= end) {
        origins_.fail("{} = {} does not lie before {} = {}", origins_.name(key + "from_step"), begin,
                      origins_.name(key + "to_step"), end);
      }
      intervals.push_back({begin, end});
    }
    if (intervals.empty()) {
      return;
    }
    std::sort(intervals.begin(), intervals.end(), [](Interval a, Interval b) { return a.begin < b.begin; });
    // A branch begins where its parent ends; what lies before is no concern of its own sources.
    int64_t covered = config_.run.branch_from.empty() ? 0 : intervals.front().begin;
    for (const Interval& interval : intervals) {
      if (interval.begin > covered) {
        break;
      }
      covered = std::max(covered, interval.end);
    }
    if (covered < steps_.total) {
      origins_.fail("`data.source`: step {} of {} draws from no source", covered, steps_.total);
    }
  }

  const RunConfig& config_;
  int64_t epoch_tokens_;
  const Origins& origins_;
  ResolvedSteps steps_{};
};

}  // namespace

ResolvedSteps resolve_steps(const RunConfig& config, int64_t epoch_tokens, const Origins& origins) {
  return Resolver(config, epoch_tokens, origins).run();
}

ResolvedSteps resolve_steps(const RunConfig& config, int64_t epoch_tokens) {
  return resolve_steps(config, epoch_tokens, Origins());
}

int64_t default_warmup(int64_t total_steps) {
  constexpr int64_t kSteps = 100;
  return std::min(kSteps, total_steps / 10);
}

int start_layers(const RunConfig& config) {
  const auto layers = static_cast<int>(config.model.architecture.num_hidden_layers);
  const GrowthSection& growth = config.growth;
  if (!growth.grows()) {
    return layers;
  }
  if (growth.op == growth::kExplicit) {
    return std::accumulate(growth.event.begin(), growth.event.end(), layers,
                           [](int depth, const auto& event) { return depth - static_cast<int>(event.sources.size()); });
  }
  if (growth.schedule == "prop" || growth.schedule == "uniform") {
    return growth.start_layers > 0 ? growth.start_layers : growth.block_size;
  }
  const size_t growths = growth.schedule == "once" ? 1 : growth.at.size();
  return growth::initial_depth(growth::find_operator(growth.op), layers, growth.block_size,
                               static_cast<int64_t>(growths));
}

bool needs_epochs(const RunConfig& config) {
  const auto in_epochs = [](const StepCount& count) { return count.unit == StepCount::Unit::kEpochs; };
  const TrainSection& train = config.train;
  const auto source_in_epochs = [&](const DataSource& source) {
    return in_epochs(source.from_step) || (source.to_step && in_epochs(*source.to_step));
  };
  return in_epochs(train.steps) || (train.warmup_steps && in_epochs(*train.warmup_steps)) ||
         in_epochs(train.cooldown_steps) || in_epochs(config.growth.steps) ||
         std::any_of(config.data.source.begin(), config.data.source.end(), source_in_epochs);
}

}  // namespace cambium::config
