#include "cambium/model/parameters.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <numbers>

#include "cambium/base/hash.h"
#include "cambium/base/random.h"

namespace cambium::model {
namespace {

void visit_block(const BlockLayout& layout, const std::string& prefix, const at::Tensor& flat,
                 const std::function<void(const std::string&, const at::Tensor&)>& visit) {
  for (const Slot& slot : layout.slots) {
    visit(prefix + slot.name, flat.narrow(0, slot.offset, slot.numel()).view(slot.shape));
  }
}

}  // namespace

Parameters Parameters::zeros(const ModelConfig& config, const at::TensorOptions& options) {
  Parameters parameters;
  parameters.embedding = at::zeros({embedding_layout(config).size}, options);
  const int64_t layer_size = layer_layout(config).size;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    parameters.layers.push_back(at::zeros({layer_size}, options));
  }
  parameters.head = at::zeros({head_layout(config).size}, options);
  return parameters;
}

Parameters Parameters::to(at::Device device) const {
  Parameters moved{embedding.to(device), {}, head.to(device)};
  for (const at::Tensor& layer : layers) {
    moved.layers.push_back(layer.to(device));
  }
  return moved;
}

std::vector<at::Tensor> Parameters::blocks() const {
  std::vector<at::Tensor> all{embedding};
  all.insert(all.end(), layers.begin(), layers.end());
  all.push_back(head);
  return all;
}

int64_t Parameters::numel() const {
  int64_t count = 0;
  for (const at::Tensor& block : blocks()) {
    count += block.numel();
  }
  return count;
}

void Parameters::zero() {
  for (at::Tensor& block : blocks()) {
    block.zero_();
  }
}

void for_each_tensor(const ModelConfig& config, const Parameters& parameters,
                     const std::function<void(const std::string& name, const at::Tensor& view)>& visit) {
  visit_block(embedding_layout(config), "", parameters.embedding, visit);
  const BlockLayout layout = layer_layout(config);
  for (size_t layer = 0; layer < parameters.layers.size(); ++layer) {
    visit_block(layout, layer_prefix(static_cast<int64_t>(layer)), parameters.layers[layer], visit);
  }
  visit_block(head_layout(config), "", parameters.head, visit);
}

void remap_layers(Parameters& parameters, std::span<const int> map) {
  std::vector<at::Tensor> old = std::move(parameters.layers);
  std::vector<bool> moved(old.size(), false);
  parameters.layers.clear();
  for (const int from : map) {
    if (from < 0) {
      parameters.layers.push_back(at::zeros_like(old.at(0)));
      continue;
    }
    const auto index = static_cast<size_t>(from);
    parameters.layers.push_back(moved.at(index) ? old[index].clone() : old[index]);
    moved[index] = true;
  }
}

void for_each_slot(const ModelConfig& config, const at::Tensor& layer,
                   const std::function<void(const Slot& slot, const at::Tensor& view)>& visit) {
  for (const Slot& slot : layer_layout(config).slots) {
    visit(slot, layer.narrow(0, slot.offset, slot.numel()).view(slot.shape));
  }
}

at::Tensor random_normal(int64_t numel, double std, uint64_t key) {
  at::Tensor values = at::empty({numel}, at::kFloat);
  float* data = values.mutable_data_ptr<float>();
  at::parallel_for(0, numel, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const std::array<uint32_t, 4> bits = philox(key, static_cast<uint64_t>(i));
      const double u = (bits[0] + 1.0) * 0x1p-32;  // in (0, 1]
      const double v = bits[1] * 0x1p-32;
      data[i] = static_cast<float>(std * std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v));
    }
  });
  return values;
}

void initialize(const ModelConfig& config, Parameters& parameters, double std, uint64_t seed) {
  for_each_tensor(config, parameters, [&](const std::string& name, const at::Tensor& view) {
    if (view.dim() >= 2) {
      view.copy_(random_normal(view.numel(), std, hash64("init." + name, seed)).view(view.sizes()));
    } else {
      view.fill_(1.0);
    }
  });
}

}  // namespace cambium::model
