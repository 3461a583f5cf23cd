#include "cambium/train/apply_growth.h"

#include <cmath>
#include <functional>
#include <utility>

#include "cambium/base/format.h"
#include "cambium/base/hash.h"
#include "cambium/model/new_layers.h"

namespace cambium::train {
namespace {

using growth::Growth;
using growth::Making;

/// Layers as their map says; where two sources are averaged, their mean.
void remap(model::Parameters& parameters, int from_layers, const Growth& growth) {
  std::vector<at::Tensor> partners;
  for (const int partner : growth.partners) {
    partners.push_back(parameters.layers.at(static_cast<size_t>(partner)));
  }
  model::remap_layers(parameters, layer_map(from_layers, growth));
  for (size_t i = 0; i < partners.size(); ++i) {
    at::Tensor& layer = parameters.layers[static_cast<size_t>(growth.place(i))];
    layer.add_(partners[i]).mul_(0.5);
  }
}

/// What the draws of a new layer are called: growths of one run differ in their depth.
std::string draw_name(const char* what, const growth::GrowthEvent& event, size_t i) {
  return format("{}.{}.{}.", what, event.from_layers, i);
}

/// One pair of equally placed layers.
using OnPair = std::function<void(size_t one, size_t other)>;
void for_each_pair(const growth::SymmetrizeEvent& event, const OnPair& visit) {
  for (const auto& [one, other] : event.pairs) {
    for (int layer = 0; layer < event.block_size; ++layer) {
      visit(static_cast<size_t>(one * event.block_size + layer), static_cast<size_t>(other * event.block_size + layer));
    }
  }
}

/// Exact at both ends: the mean itself with strength 1.
at::Tensor towards(const at::Tensor& value, const at::Tensor& mean, double strength) {
  return value * (1 - strength) + mean * strength;
}

void average_pairs(model::Parameters& parameters, const growth::SymmetrizeEvent& event) {
  for_each_pair(event, [&](size_t one, size_t other) {
    at::Tensor &a = parameters.layers.at(one), &b = parameters.layers.at(other);
    const at::Tensor mean = (a + b) * 0.5;
    a.copy_(towards(a, mean, event.how.strength));
    b.copy_(towards(b, mean, event.how.strength));
  });
}

/// Every tensor as far as averaging would move it, in a drawn direction.
void move_randomly(const model::ModelConfig& config, model::Parameters& weights, const growth::SymmetrizeEvent& event) {
  for_each_pair(event, [&](size_t one, size_t other) {
    const at::Tensor mean = (weights.layers.at(one) + weights.layers.at(other)) * 0.5;
    for (const size_t layer : {one, other}) {
      at::Tensor& flat = weights.layers[layer];
      const at::Tensor movement = towards(flat, mean, event.how.strength) - flat;
      for_each_slot(config, flat, [&](const model::Slot& slot, const at::Tensor& view) {
        const uint64_t key = hash64(format("symmetrize.{}.{}.{}", event.step, layer, slot.name), event.how.seed);
        const at::Tensor direction = model::random_normal(view.numel(), 1, key).to(view.device(), at::kDouble);
        const at::Tensor far = movement.narrow(0, slot.offset, slot.numel()).to(at::kDouble).norm();
        const at::Tensor step = direction * (far / direction.norm());
        view.copy_((view.reshape({-1}).to(at::kDouble) + step).view(view.sizes()));
      });
    }
  });
}

}  // namespace

void grow(const model::ModelConfig& config, model::Parameters& weights, const GrowthRecord& record) {
  const auto& [event, policy] = record;
  const Growth& growth = event.growth;
  remap(weights, event.from_layers, growth);
  const double std = policy.init_std > 0 ? policy.init_std : 1 / std::sqrt(static_cast<double>(config.hidden_size));
  for (size_t i = 0; i < growth.sources.size(); ++i) {
    at::Tensor& layer = weights.layers[static_cast<size_t>(growth.place(i))];
    if (growth.making == Making::kFresh) {
      draw_layer(config, layer, std, policy.seed, draw_name("grow.fresh", event, i));
    }
    if (growth.making == Making::kIdentity) {
      scale_outputs(config, layer, 0);
    }
    if (policy.output_scale != 1) {
      scale_outputs(config, layer, policy.output_scale);
    }
    if (policy.noise != 0) {
      add_noise(config, layer, policy.noise, policy.seed, draw_name("grow.noise", event, i));
    }
  }
}

void grow(const model::ModelConfig& config, model::Parameters& weights, TrainState& state, const GrowthRecord& record) {
  const auto& [event, policy] = record;
  grow(config, weights, record);
  remap(state.exp_avg, event.from_layers, event.growth);
  remap(state.exp_avg_sq, event.from_layers, event.growth);
  std::vector<int> lineage;
  std::vector<int64_t> adam_steps{state.adam_steps.front()};
  for (const int from : layer_map(event.from_layers, event.growth)) {
    const bool has_source = from != growth::kNoSource;
    lineage.push_back(has_source ? state.lineage.at(static_cast<size_t>(from)) : growth::kNoSource);
    adam_steps.push_back(has_source ? state.adam_steps.at(static_cast<size_t>(from) + 1) : 0);
  }
  adam_steps.push_back(state.adam_steps.back());
  state.lineage = std::move(lineage);
  state.adam_steps = std::move(adam_steps);
  for (size_t i = 0; i < event.growth.sources.size(); ++i) {
    const auto layer = static_cast<size_t>(event.growth.place(i));
    if (policy.moments == "zero") {
      state.exp_avg.layers[layer].zero_();
      state.exp_avg_sq.layers[layer].zero_();
    }
    if (policy.moments != "copy") {
      state.adam_steps[layer + 1] = 0;
    }
  }
  state.growths.push_back(record);
}

void grow(model::Llama& model, TrainState& state, const GrowthRecord& record) {
  grow(model.config, model.weights, state, record);
  model.follow_growth();
}

void symmetrize(const model::ModelConfig& config, model::Parameters& weights, const growth::SymmetrizeEvent& event) {
  if (event.how.strength == 0) {
    return;
  }
  if (event.how.control == "random") {
    move_randomly(config, weights, event);
  } else {
    average_pairs(weights, event);
  }
}

void symmetrize(const model::ModelConfig& config, model::Parameters& weights, TrainState& state,
                const growth::SymmetrizeEvent& event) {
  symmetrize(config, weights, event);
  if (event.how.strength != 0) {
    average_pairs(state.exp_avg, event);
    average_pairs(state.exp_avg_sq, event);
  }
  state.symmetrized.push_back(event);
}

}  // namespace cambium::train
