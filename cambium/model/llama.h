#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "cambium/model/config/model_config.h"
#include "cambium/model/parameters.h"
#include "cambium/ops/rope.h"

namespace cambium::model {

enum class Precision { kFloat32, kBFloat16 };
at::ScalarType compute_type(Precision precision);

/// The weights of one layer as the forward pass reads them: norms in float32, matrices in the compute type.
struct LayerWeights {
  at::Tensor input_norm;  ///< [hidden]
  at::Tensor qkv;         ///< [(heads + 2 kv heads) · head_dim, hidden]
  at::Tensor o;           ///< [hidden, heads · head_dim]
  at::Tensor mlp_norm;    ///< [hidden]
  at::Tensor gate_up;     ///< [2 · intermediate, hidden]
  at::Tensor down;        ///< [hidden, intermediate]
};

/// The same views over a flat buffer of gradients (all float32).
LayerWeights view_layer(const ModelConfig& config, const at::Tensor& norms_from, const at::Tensor& matrices_from);

/// A LLaMA with its weights: float32 masters and, in bfloat16, the copy that is computed with. It lies and computes
/// where the parameters that it is made of lie.
struct Llama {
  Llama(ModelConfig model_config, Parameters parameters, Precision compute_precision);

  ModelConfig config;
  Parameters weights;  ///< float32
  Parameters compute;  ///< bfloat16 copy; the same buffers as `weights` in float32
  Precision precision;
  ops::RopeTable rope;  ///< grown by reserve_positions
  /// Layers in the order in which a pass runs them, where nothing else is asked for: that of the configuration, or what
  /// a user wants instead (`--order`). Training runs the configuration's.
  std::vector<int> order;

  int64_t num_layers() const { return static_cast<int64_t>(weights.layers.size()); }
  LayerWeights layer(int64_t index) const;
  at::Tensor embedding() const;   ///< [vocab, hidden] float32
  at::Tensor final_norm() const;  ///< [hidden] float32
  at::Tensor head() const;        ///< [vocab, hidden] compute type; the embedding's where tied
  at::Device device() const { return weights.embedding.device(); }
  /// For tensors that lie where the model lies.
  at::TensorOptions options(at::ScalarType type) const { return at::TensorOptions(device()).dtype(type); }
  /// Makes the compute copy again from the masters (after loading or growing).
  void refresh_compute();
  /// Extends the rotary table where `positions` are more than it holds (transformers runs past the maximum too).
  void reserve_positions(int64_t positions);
  /// Scale of the norms of a (0-based) layer: 1/sqrt(layer + 1) with LayerNorm-Scaling, else 1. It stays with the
  /// layer's weights in any layer order, as it does in the folded copy that `convert` writes.
  double norm_scale(int64_t layer) const;
  /// After a growth: `config` and `order` follow the number of layers, and the compute copy is made again.
  void follow_growth();
};

}  // namespace cambium::model
