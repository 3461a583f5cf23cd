#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cambium/model/layout.h"

namespace cambium::model {

/// One flat buffer a block: the weights of a model, or what has the same layout (gradients, moments, the compute copy).
/// Growing, copying and sharding work on whole blocks; named tensors are views (layout.h).
struct Parameters {
  at::Tensor embedding;            ///< [embedding_layout.size]
  std::vector<at::Tensor> layers;  ///< [layer_layout.size] each
  at::Tensor head;                 ///< [head_layout.size]

  static Parameters zeros(const ModelConfig& config, const at::TensorOptions& options);
  /// The same, or a copy, on another device.
  Parameters to(at::Device device) const;
  /// All blocks in order: embedding, layers, head.
  std::vector<at::Tensor> blocks() const;
  int64_t numel() const;
  void zero();
};

/// Calls `visit(name, view)` for every tensor in Hugging Face's order; the view has the tensor's shape and shares
/// memory.
void for_each_tensor(const ModelConfig& config, const Parameters& parameters,
                     const std::function<void(const std::string& name, const at::Tensor& view)>& visit);

/// Replaces the layers by copies after `map`: new layer i is a copy of old layer map[i] (growth::layer_map), or zeros
/// where that is negative; a layer that keeps standing once is moved, not copied.
void remap_layers(Parameters& parameters, std::span<const int> map);

/// Calls `visit(slot, view)` for every tensor of one layer's flat buffer.
void for_each_slot(const ModelConfig& config, const at::Tensor& layer,
                   const std::function<void(const Slot& slot, const at::Tensor& view)>& visit);

/// [numel] float32 on the CPU: entry i is std * normal(0, 1), a function of (key, i) alone.
at::Tensor random_normal(int64_t numel, double std, uint64_t key);

/// normal(0, std) for every matrix, ones for norms. Each tensor draws from its own stream of `seed`, so that a layer's
/// first weights do not depend on how many layers there are.
void initialize(const ModelConfig& config, Parameters& parameters, double std, uint64_t seed);

}  // namespace cambium::model
