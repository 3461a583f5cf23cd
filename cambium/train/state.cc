#include "cambium/train/state.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace cambium::train {

void LossStatistics::add(double loss) {
  ++count;
  // Weights of a plain mean at first, of the exponential one later.
  const double weight = std::max(1.0 - kDecay, 1.0 / static_cast<double>(count));
  const double deviation = loss - mean;
  mean += weight * deviation;
  variance = (1 - weight) * (variance + weight * deviation * deviation);
}

bool LossStatistics::tell() const {
  constexpr int64_t kNeeded = 50;
  return count >= kNeeded && variance > 0;
}

double LossStatistics::z_score(double loss) const { return tell() ? (loss - mean) / std::sqrt(variance) : 0.0; }

double LossStatistics::loss_at(double z_score) const {
  return tell() ? mean + z_score * std::sqrt(variance) : std::numeric_limits<double>::infinity();
}

TrainState TrainState::fresh(const model::Llama& model) {
  TrainState state;
  model::ModelConfig config = model.config;
  config.num_hidden_layers = model.num_layers();
  state.exp_avg = model::Parameters::zeros(config, model.options(at::kFloat));
  state.exp_avg_sq = model::Parameters::zeros(config, model.options(at::kFloat));
  state.adam_steps.assign(static_cast<size_t>(model.num_layers() + 2), 0);
  state.lineage.resize(static_cast<size_t>(model.num_layers()));
  std::iota(state.lineage.begin(), state.lineage.end(), 0);
  return state;
}

void grow(model::Llama& model, TrainState& state, const growth::GrowthEvent& event, const std::string& moments) {
  grow(model.weights, state, event, moments);
  model.config.num_hidden_layers = event.to_layers;
  model.refresh_compute();
}

void grow(model::Parameters& weights, TrainState& state, const growth::GrowthEvent& event, const std::string& moments) {
  const std::vector<int> map = growth::layer_map(event.from_layers, event.growth);
  model::remap_layers(weights, map);
  model::remap_layers(state.exp_avg, map);
  model::remap_layers(state.exp_avg_sq, map);
  std::vector<int> lineage;
  std::vector<int64_t> adam_steps{state.adam_steps.front()};
  for (const int from : map) {
    lineage.push_back(state.lineage.at(static_cast<size_t>(from)));
    adam_steps.push_back(state.adam_steps.at(static_cast<size_t>(from) + 1));
  }
  adam_steps.push_back(state.adam_steps.back());
  state.lineage = std::move(lineage);
  state.adam_steps = std::move(adam_steps);
  if (moments == "zero") {
    for (size_t i = 0; i < event.growth.sources.size(); ++i) {
      const size_t layer = static_cast<size_t>(event.growth.insert_at) + i;
      state.exp_avg.layers[layer].zero_();
      state.exp_avg_sq.layers[layer].zero_();
      state.adam_steps[layer + 1] = 0;
    }
  }
  state.growths.push_back({event, moments});
}

formats::Json to_json(const GrowthRecord& record) {
  const growth::GrowthEvent& event = record.event;
  return {{"step", event.step},
          {"operator", event.op},
          {"from_layers", event.from_layers},
          {"to_layers", event.to_layers},
          {"sources", event.growth.sources},
          {"insert_at", event.growth.insert_at},
          {"moments", record.moments}};
}

GrowthRecord growth_record_from_json(const formats::Json& json, const std::string& what) {
  const formats::JsonView view(json, what);
  constexpr int64_t kMaxLayers = 1 << 16;
  GrowthRecord record;
  record.event.step = view.integer("step", 0, INT64_MAX);
  record.event.op = view.string("operator");
  record.event.from_layers = static_cast<int>(view.integer("from_layers", 1, kMaxLayers));
  record.event.to_layers = static_cast<int>(view.integer("to_layers", 1, kMaxLayers));
  const formats::Json& sources = view.at("sources");
  if (!sources.is_array()) {
    view.fail("sources", "a list of layers");
  }
  for (const formats::Json& source : sources) {
    if (!source.is_number_integer() || source.get<int64_t>() < 0 || source.get<int64_t>() >= record.event.from_layers) {
      view.fail("sources", "layers of the model before growth");
    }
    record.event.growth.sources.push_back(source.get<int>());
  }
  record.event.growth.insert_at = static_cast<int>(view.integer("insert_at", 0, record.event.from_layers));
  record.moments = view.string("moments");
  return record;
}

}  // namespace cambium::train
