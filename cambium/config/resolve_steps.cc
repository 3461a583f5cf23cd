#include <algorithm>

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
    steps_.initial_layers = start_layers(config_);
    steps_.growth = 0;
    if (growth.op != "none") {
      const std::vector<int64_t> at = growth.schedule == "at" ? explicit_steps() : proportional_steps(layers);
      steps_.events = growth::plan_growth(growth.op, layers, growth.block_size, at);
    }
  }

  std::vector<int64_t> explicit_steps() {
    const std::vector<int64_t>& at = config_.growth.at;
    if (!at.empty() && at.back() >= steps_.total) {
      origins_.fail("{}: step {} does not lie before the end, {}", origins_.name("growth.at"), at.back(), total());
    }
    return at;
  }

  std::vector<int64_t> proportional_steps(int layers) {
    const GrowthSection& growth = config_.growth;
    const int64_t given = steps_of("growth.steps", growth.steps);
    steps_.growth = given > 0 ? given : steps_.total - steps_.cooldown;
    if (steps_.growth > steps_.total) {
      origins_.fail("{} {} is more than {}", origins_.name("growth.steps"), value(growth.steps, steps_.growth),
                    total());
    }
    const int stages = layers / growth.block_size;
    std::vector<int64_t> at = growth::prop_schedule(stages, growth.alpha, steps_.growth);
    for (size_t i = 0; i < at.size(); ++i) {
      if (at[i] <= (i == 0 ? 0 : at[i - 1]) || at[i] >= steps_.total) {
        origins_.fail("{} stages of {} layers do not fit into {} steps of growth ({}, {}): stage {} would be empty",
                      stages, growth.block_size, steps_.growth, total(), origins_.name("growth.steps"), i + 1);
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
    int64_t covered = 0;
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
  if (growth.op == "none") {
    return layers;
  }
  return growth.schedule == "at" ? layers - growth.block_size * static_cast<int>(growth.at.size()) : growth.block_size;
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
