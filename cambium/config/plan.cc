#include "cambium/config/plan.h"

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

Plan make_plan(const RunConfig& config, int64_t epoch_tokens, const CudaSupport& cuda) {
  const model::ModelConfig& model = config.model.architecture;
  Plan plan{};
  plan.steps = resolve_steps(config, epoch_tokens);
  plan.device = choose_device(config.run, cuda);
  plan.micro_batch = config.train.micro_batch_sequences();
  plan.parameters = model.parameters();
  plan.lineage = growth::lineage(plan.steps.initial_layers, plan.steps.events);

  const auto& events = plan.steps.events;
  for (size_t i = 0; i <= events.size(); ++i) {
    const int64_t begin = i == 0 ? 0 : events[i - 1].step;
    const int64_t end = i < events.size() ? events[i].step : plan.steps.total;
    const int64_t layers = i == 0 ? plan.steps.initial_layers : events[i - 1].to_layers;
    Stage stage = make_stage(config, plan, begin, end, layers);
    if (i > 0) {
      stage.event = events[i - 1];
    }
    plan.tokens += stage.tokens;
    plan.flops += stage.flops;
    plan.mean_depth +=
        static_cast<double>(layers) * static_cast<double>(end - begin) / static_cast<double>(plan.steps.total);
    plan.stages.push_back(std::move(stage));
  }
  plan.full_depth_flops =
      plan.tokens * training_flops_per_token(model, model.num_hidden_layers, config.train.sequence_length);
  return plan;
}

}  // namespace cambium::config
