#include "cambium/analysis/depth_score.h"

#include <map>

#include "cambium/analysis/run.h"
#include "cambium/analysis/skip_prompts.h"

namespace cambium::analysis {
namespace {

/// The effects of a group of prompts.
struct Group {
  at::Tensor layer_max, layer_sum, logit_max, logit_sum;
  int64_t prompts = 0;

  void add(const SkipEffect& effect) {
    layer_max = prompts == 0 ? effect.layer : at::maximum(layer_max, effect.layer);
    logit_max = prompts == 0 ? effect.logit : at::maximum(logit_max, effect.logit);
    layer_sum = prompts == 0 ? effect.layer : layer_sum + effect.layer;
    logit_sum = prompts == 0 ? effect.logit : logit_sum + effect.logit;
    ++prompts;
  }

  Values scores() const {
    const auto count = static_cast<double>(prompts);
    return {{"layer_max", depth_score_of(mean_effect_on_later(layer_max))},
            {"layer_mean", depth_score_of(mean_effect_on_later(layer_sum / count))},
            {"logit_max", depth_score_of(logit_max)},
            {"logit_mean", depth_score_of(logit_sum / count)}};
  }
};

}  // namespace

double depth_score_of(const at::Tensor& effects) {
  const at::Tensor layers = at::arange(effects.size(0), at::kDouble);
  return ((layers * effects).sum() / effects.sum()).item<double>();
}

at::Tensor mean_effect_on_later(const at::Tensor& layer_effect) {
  const int64_t layers = layer_effect.size(0);
  const at::Tensor later = (layers - 1 - at::arange(layers, at::kDouble)).clamp_min(1);
  return layer_effect.sum(1) / later;
}

Values depth_score(Context& context) {
  Group all;
  std::map<std::string, Group> groups;
  for_each_skip_effect(context, [&](const Prompt& prompt, const SkipEffect& effect) {
    all.add(effect);
    if (!prompt.group.empty()) {
      groups[prompt.group].add(effect);
    }
  });
  Values values = all.scores();
  values["effect_layer_max"] = to_json(mean_effect_on_later(all.layer_max));
  values["effect_layer_mean"] = to_json(mean_effect_on_later(all.layer_sum / static_cast<double>(all.prompts)));
  values["effect_logit_max"] = to_json(all.logit_max);
  values["effect_logit_mean"] = to_json(all.logit_sum / static_cast<double>(all.prompts));
  values["uniform"] = static_cast<double>(context.num_layers() - 1) / 2;
  for (const auto& [name, group] : groups) {
    values["groups"].push_back(name);
    const Values scores = group.scores();
    for (const auto& [key, score] : scores.items()) {
      values[key + "_by_group"].push_back(score);
    }
  }
  return values;
}

}  // namespace cambium::analysis
