#include "cambium/study/jobs/training_plan.h"

#include <charconv>
#include <filesystem>
#include <string_view>

#include "cambium/data/manifest.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

/// Tokens of one epoch of a run's data; 0 while one of its datasets is not there.
int64_t epoch_tokens(const config::RunConfig& config) {
  int64_t tokens = 0;
  for (const config::DataSource& source : config.data.source) {
    if (!fs::exists(fs::path(source.path) / data::kManifestFile)) {
      return 0;
    }
    for (const auto& split : data::read_manifest(source.path).splits) {
      tokens += split.name == "train" ? split.tokens : 0;
    }
  }
  return tokens;
}

/// Where a run of this plan will be at its checkpoint `step-00000600` (or `-grown`, behind the growth of that step).
std::optional<config::BranchPoint> branch_point(const config::Plan& plan, const fs::path& checkpoint) {
  constexpr std::string_view kName = "step-";
  const std::string name = checkpoint.filename().string();
  config::BranchPoint point;
  point.from = checkpoint.string();
  const char* end = name.data() + name.size();
  if (!name.starts_with(kName) || std::from_chars(name.data() + kName.size(), end, point.step).ec != std::errc()) {
    return std::nullopt;
  }
  const bool grown = name.ends_with("-grown");
  for (const config::Stage& stage : plan.stages) {
    const bool passed = stage.begin < point.step || (grown && stage.begin == point.step);
    if (stage.event && passed) {
      point.events.push_back(*stage.event);
    }
    if (!stage.event || passed) {
      point.layers = static_cast<int>(stage.layers);
    }
  }
  for (const growth::SymmetrizeEvent& event : plan.steps.symmetrized) {
    if (event.step < point.step) {
      point.symmetrized.push_back(event);
    }
  }
  return point;
}

}  // namespace

std::optional<config::Plan> plan_training(const config::RunConfig& config, const std::optional<config::Plan>& parent) {
  const int64_t tokens = epoch_tokens(config);
  if (tokens == 0 && config.train.steps.unit == config::StepCount::Unit::kEpochs) {
    return std::nullopt;
  }
  if (config.run.branch_from.empty()) {
    return config::make_plan(config, tokens, {});
  }
  const std::optional<config::BranchPoint> branch =
      parent ? branch_point(*parent, config.run.branch_from) : std::nullopt;
  return branch ? std::optional(config::make_plan(config, tokens, {}, branch)) : std::nullopt;
}

}  // namespace cambium::study
