#include "cambium/model/new_layers.h"

#include <cmath>

#include "cambium/base/hash.h"

namespace cambium::model {
namespace {

bool is_output(const Slot& slot) {
  return slot.name == "self_attn.o_proj.weight" || slot.name == "mlp.down_proj.weight";
}

at::Tensor normal_like(const at::Tensor& view, double std, uint64_t key) {
  return random_normal(view.numel(), std, key).view(view.sizes()).to(view.device());
}

}  // namespace

void draw_layer(const ModelConfig& config, at::Tensor& layer, double std, uint64_t seed, const std::string& name) {
  for_each_slot(config, layer, [&](const Slot& slot, const at::Tensor& view) {
    if (slot.is_matrix()) {
      view.copy_(normal_like(view, std, hash64(name + slot.name, seed)));
    } else {
      view.fill_(1.0);
    }
  });
}

void scale_outputs(const ModelConfig& config, at::Tensor& layer, double factor) {
  for_each_slot(config, layer, [&](const Slot& slot, const at::Tensor& view) {
    if (is_output(slot)) {
      if (factor == 0) {
        view.zero_();
      } else {
        view.mul_(factor);
      }
    }
  });
}

void add_noise(const ModelConfig& config, at::Tensor& layer, double noise, uint64_t seed, const std::string& name) {
  for_each_slot(config, layer, [&](const Slot& slot, const at::Tensor& view) {
    if (slot.is_matrix()) {
      const double rms = view.square().mean(at::kDouble).sqrt().item<double>();
      view.add_(normal_like(view, noise * rms, hash64(name + slot.name, seed)));
    }
  });
}

}  // namespace cambium::model
