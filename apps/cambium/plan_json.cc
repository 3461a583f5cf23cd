#include "apps/cambium/ancestors.h"
#include "apps/cambium/plan_report.h"

namespace {

using cambium::config::Plan;
using cambium::config::RunConfig;
using cambium::config::Stage;
using cambium::formats::Json;

Json json_of(const cambium::growth::GrowthEvent& event) {
  Json json{{"step", event.step},
            {"operator", event.op},
            {"from_layers", event.from_layers},
            {"to_layers", event.to_layers},
            {"sources", ancestors(event.growth.sources)},
            {"insert_at", event.growth.insert_at}};
  if (!event.growth.places.empty()) {
    json["places"] = event.growth.places;
  }
  return json;
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

/// Seconds are null where they are not known.
Json json_of_ranks(const RunConfig& config, const Plan& plan, const Machine& machine) {
  const auto stages = share(config, plan, machine.network, machine.flops_per_second);
  const bool knows_network = machine.network.bandwidth > 0, knows_rate = machine.flops_per_second > 0;
  const auto known = [](bool is, double value) { return is ? Json(value) : Json(nullptr); };
  Json list = Json::array();
  for (const auto& stage : stages) {
    list.push_back({{"memory_bytes", json_of(stage.memory)},
                    {"sent_bytes", stage.sent},
                    {"communication_seconds", known(knows_network, stage.communication)},
                    {"exposed_seconds", known(knows_network && knows_rate, stage.exposed)},
                    {"step_seconds", known(knows_rate, stage.seconds())},
                    {"efficiency", known(knows_network && knows_rate, stage.efficiency())}});
  }
  return {{"count", machine.network.ranks},
          {"bandwidth", known(knows_network, machine.network.bandwidth)},
          {"latency", machine.network.latency},
          {"stages", list},
          {"seconds", known(knows_rate, total_seconds(plan, stages))}};
}

}  // namespace

Json plan_json(const RunConfig& config, const Plan& plan, const DataReport& data, const Machine& machine) {
  const double flops_per_second = machine.flops_per_second;
  const auto& model = config.model.architecture;
  const auto saving = cambium::config::saving(model, plan, config.train.sequence_length);
  Json seconds = nullptr;
  if (flops_per_second > 0) {
    const auto duration = cambium::config::predict(plan, flops_per_second);
    seconds = {{"flops_per_second", flops_per_second},
               {"stages", duration.stages},
               {"total", duration.total},
               {"full_depth", duration.full_depth}};
  }
  Json json{{"parameters", plan.parameters},
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
            {"first_step", plan.steps.first_step},
            {"lineage", ancestors(plan.lineage)},
            {"stages", list_of(plan.stages)},
            {"mean_depth", plan.mean_depth},
            {"flops", plan.flops},
            {"flops_full_depth", plan.full_depth_flops},
            {"flops_ratio", plan.flops_ratio()},
            {"saving",
             {{"layers", saving.layers},
              {"layers_and_attention", saving.attention},
              {"layers_and_causal_attention", saving.causal},
              {"layers_and_head", saving.head},
              {"all", saving.all}}},
            {"predicted_seconds", seconds},
            {"device", plan.device.device},
            {"precision", plan.device.precision},
            {"precision_reason", plan.device.reason},
            {"micro_batch", plan.micro_batch},
            {"data", json_of(data)},
            {"configuration", cambium::config::to_json(config)}};
  if (machine.network.ranks > 1) {
    json["ranks"] = json_of_ranks(config, plan, machine);
  }
  return json;
}
