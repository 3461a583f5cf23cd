#include "cambium/config/plan.h"

#include <algorithm>

namespace cambium::config {
namespace {

Stage make_stage(const RunConfig& config, const Plan& plan, int64_t begin, int64_t end, int64_t layers) {
  model::ModelConfig model = config.model.architecture;
  model.num_hidden_layers = layers;
  const int64_t length = config.train.sequence_length;
  Stage stage{};
  stage.begin = begin;
  stage.end = end;
  stage.layers = layers;
  stage.parameters = model.parameters();
  stage.tokens = static_cast<double>(end - begin) * static_cast<double>(config.train.batch_tokens);
  stage.flops = stage.tokens * training_flops_per_token(model, layers, length);
  stage.memory = training_memory(model, {.layers = layers,
                                         .micro_batch = plan.micro_batch,
                                         .sequence_length = length,
                                         .bfloat16 = plan.device.precision == "bfloat16",
                                         .recompute = config.train.recompute_mode(),
                                         .on_cpu = plan.device.device == "cpu"});
  return stage;
}

}  // namespace

Duration predict(const Plan& plan, double flops_per_second) {
  Duration duration;
  for (const Stage& stage : plan.stages) {
    duration.stages.push_back(stage.flops / flops_per_second);
    duration.total += duration.stages.back();
  }
  duration.full_depth = plan.full_depth_flops / flops_per_second;
  return duration;
}

Saving saving(const model::ModelConfig& model, const Plan& plan, int64_t sequence_length) {
  const double matrices = layer_forward_flops(model, 0);
  const double full = layer_forward_flops(model, sequence_length);
  const double causal = layer_forward_flops(model, sequence_length, AttentionCost::kCausal);
  const double head = head_forward_flops(model);
  double passed = 0;  // places that all tokens pass
  for (const Stage& stage : plan.stages) {
    passed += stage.tokens * static_cast<double>(model.places(stage.layers));
  }
  const double at_full_depth = plan.tokens * static_cast<double>(model.places(model.num_hidden_layers));
  const auto ratio = [&](double layer, double fixed) {
    return (at_full_depth * layer + plan.tokens * fixed) / (passed * layer + plan.tokens * fixed);
  };
  return {.layers = ratio(matrices, 0),
          .attention = ratio(full, 0),
          .causal = ratio(causal, 0),
          .head = ratio(matrices, head),
          .all = ratio(full, head)};
}

Plan make_plan(const RunConfig& config, int64_t epoch_tokens, const CudaSupport& cuda,
               const std::optional<BranchPoint>& branch) {
  const model::ModelConfig& model = config.model.architecture;
  Plan plan{};
  plan.steps = resolve_steps(config, epoch_tokens);
  if (branch) {
    continue_from(plan.steps, *branch, config);
  }
  plan.device = choose_device(config.run, cuda);
  plan.micro_batch = config.train.micro_batch_sequences();
  plan.parameters = model.parameters();
  plan.lineage = growth::lineage(plan.steps.initial_layers, plan.steps.events);

  const auto& events = plan.steps.events;
  for (size_t i = 0; i <= events.size(); ++i) {
    const int64_t begin = std::max(i == 0 ? 0 : events[i - 1].step, plan.steps.first_step);
    const int64_t end = i < events.size() ? events[i].step : plan.steps.total;
    if (end <= begin) {
      continue;  // done before the branch
    }
    const int64_t layers = i == 0 ? plan.steps.initial_layers : events[i - 1].to_layers;
    Stage stage = make_stage(config, plan, begin, end, layers);
    if (i > 0 && events[i - 1].step == begin) {
      stage.event = events[i - 1];
    }
    plan.tokens += stage.tokens;
    plan.flops += stage.flops;
    plan.mean_depth += static_cast<double>(layers) * static_cast<double>(end - begin) /
                       static_cast<double>(plan.steps.total - plan.steps.first_step);
    plan.stages.push_back(std::move(stage));
  }
  plan.full_depth_flops =
      plan.tokens * training_flops_per_token(model, model.num_hidden_layers, config.train.sequence_length);
  return plan;
}

}  // namespace cambium::config
