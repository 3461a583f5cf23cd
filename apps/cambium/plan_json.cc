#include "apps/cambium/plan_report.h"

namespace {

using cambium::config::Plan;
using cambium::config::RunConfig;
using cambium::config::Stage;
using cambium::formats::Json;

Json json_of(const cambium::growth::GrowthEvent& event) {
  return {{"step", event.step},
          {"operator", event.op},
          {"from_layers", event.from_layers},
          {"to_layers", event.to_layers},
          {"sources", event.growth.sources},
          {"insert_at", event.growth.insert_at}};
}

Json json_of(const cambium::config::MemoryEstimate& memory) {
  return {{"total", memory.total()},
          {"weights", memory.weights},
          {"moments", memory.moments},
          {"gradients", memory.gradients},
          {"compute_copy", memory.compute_copy},
          {"activations", memory.activations},
          {"logits", memory.logits},
          {"packed", memory.packed},
          {"program", memory.program}};
}

Json json_of(const Stage& stage) {
  return {{"begin_step", stage.begin},
          {"end_step", stage.end},
          {"layers", stage.layers},
          {"parameters", stage.parameters},
          {"tokens", stage.tokens},
          {"flops", stage.flops},
          {"memory_bytes", json_of(stage.memory)}};
}

Json json_of(const SourceReport& source) {
  Json json{{"path", source.path},           {"weight", source.weight},   {"present", source.present},
            {"from_step", source.from_step}, {"to_step", source.to_step}, {"drawn_tokens", source.drawn_tokens}};
  if (source.present) {
    json.update({{"tokens", source.tokens},
                 {"val_tokens", source.val_tokens},
                 {"epochs", source.epochs()},
                 {"other_tokenizer", source.other_tokenizer}});
  }
  return json;
}

template <typename T>
Json list_of(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) {
    list.push_back(json_of(item));
  }
  return list;
}

Json json_of(const DataReport& data) {
  Json phases = Json::array();
  for (const MixturePhase& phase : data.phases) {
    phases.push_back({{"begin_step", phase.begin}, {"end_step", phase.end}, {"shares", phase.shares}});
  }
  return {{"tokenizer",
           {{"path", data.tokenizer},
            {"present", data.tokenizer_size.has_value()},
            {"vocab_size", data.tokenizer_size ? Json(*data.tokenizer_size) : Json()}}},
          {"sources", list_of(data.sources)},
          {"mixture", phases}};
}

}  // namespace

Json plan_json(const RunConfig& config, const Plan& plan, const DataReport& data) {
  const auto& model = config.model.architecture;
  return {{"parameters", plan.parameters},
          {"parameters_per_layer", model.layer_parameters()},
          {"parameters_at_start", plan.stages.front().parameters},
          {"layers", model.num_hidden_layers},
          {"initial_layers", plan.steps.initial_layers},
          {"steps", plan.steps.total},
          {"warmup_steps", plan.steps.warmup},
          {"cooldown_steps", plan.steps.cooldown},
          {"growth_steps", plan.steps.growth},
          {"tokens", plan.tokens},
          {"growth", list_of(plan.steps.events)},
          {"lineage", plan.lineage},
          {"stages", list_of(plan.stages)},
          {"mean_depth", plan.mean_depth},
          {"flops", plan.flops},
          {"flops_full_depth", plan.full_depth_flops},
          {"flops_ratio", plan.flops_ratio()},
          {"device", plan.device.device},
          {"precision", plan.device.precision},
          {"precision_reason", plan.device.reason},
          {"micro_batch", plan.micro_batch},
          {"data", json_of(data)},
          {"configuration", cambium::config::to_json(config)}};
}
