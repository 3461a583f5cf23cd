#include "cambium/model/llama.h"

#include <algorithm>
#include <utility>

#include "cambium/model/config/layer_order.h"
#include "cambium/model/rope_table.h"
#include "cambium/ops/residual.h"

namespace cambium::model {

at::ScalarType compute_type(Precision precision) {
  return precision == Precision::kFloat32 ? at::kFloat : at::kBFloat16;
}

LayerWeights view_layer(const ModelConfig& config, const at::Tensor& norms_from, const at::Tensor& matrices_from) {
  const BlockLayout layout = layer_layout(config);
  const int64_t d = config.hidden_size;
  // Slots that lie side by side are one matrix: q|k|v and gate|up.
  const auto rows = [&](const at::Tensor& flat, size_t first, size_t last) {
    const int64_t begin = layout.slots[first].offset;
    const int64_t end = layout.slots[last].offset + layout.slots[last].numel();
    return flat.narrow(0, begin, end - begin);
  };
  const int64_t queries = config.num_attention_heads * config.head_dim();
  return {.input_norm = rows(norms_from, 0, 0),
          .qkv = rows(matrices_from, 1, 3).view({-1, d}),
          .o = rows(matrices_from, 4, 4).view({d, queries}),
          .mlp_norm = rows(norms_from, 5, 5),
          .gate_up = rows(matrices_from, 6, 7).view({-1, d}),
          .down = rows(matrices_from, 8, 8).view({d, -1})};
}

/// Of the rotary table to begin with: max_position_embeddings may be any number.
constexpr int64_t kFirstPositions = 4096;

Llama::Llama(ModelConfig model_config, Parameters parameters, Precision compute_precision)
    : config(std::move(model_config)),
      weights(std::move(parameters)),
      precision(compute_precision),
      rope(rope_table(config, std::min(config.max_position_embeddings, kFirstPositions), device())),
      order(layer_order(config)) {
  refresh_compute();
}

LayerWeights Llama::layer(int64_t index) const {
  const auto i = static_cast<size_t>(index);
  return view_layer(config, weights.layers.at(i), compute.layers.at(i));
}

at::Tensor Llama::embedding() const { return weights.embedding.view({config.vocab_size, config.hidden_size}); }

at::Tensor Llama::final_norm() const { return weights.head.narrow(0, 0, config.hidden_size); }

at::Tensor Llama::head() const {
  const at::Tensor flat = config.tie_word_embeddings
                              ? compute.embedding
                              : compute.head.narrow(0, config.hidden_size, config.vocab_size * config.hidden_size);
  return flat.view({config.vocab_size, config.hidden_size});
}

void Llama::refresh_compute() {
  if (precision == Precision::kFloat32) {
    compute = weights;
    return;
  }
  const auto converted = [](const at::Tensor& from) {
    at::Tensor to = at::empty_like(from, at::kBFloat16);
    ops::cast(from, to);
    return to;
  };
  compute.embedding = converted(weights.embedding);
  compute.head = converted(weights.head);
  compute.layers.clear();
  for (const at::Tensor& flat : weights.layers) {
    compute.layers.push_back(converted(flat));
  }
}

void Llama::reserve_positions(int64_t positions) {
  if (positions > rope.cos.size(0)) {
    // Generation asks for one more each time.
    rope = rope_table(config, std::max(positions, 2 * rope.cos.size(0)), device());
  }
}

double Llama::norm_scale(int64_t layer) const { return ln_scale(config, layer); }

void Llama::follow_growth() {
  config.num_hidden_layers = num_layers();
  order = layer_order(config);
  refresh_compute();
}

}  // namespace cambium::model
