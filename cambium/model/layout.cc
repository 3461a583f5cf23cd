#include "cambium/model/layout.h"

#include <functional>
#include <numeric>
#include <utility>

namespace cambium::model {
namespace {

void append(BlockLayout& layout, std::string name, std::vector<int64_t> shape) {
  layout.slots.push_back({std::move(name), std::move(shape), layout.size});
  layout.size += layout.slots.back().numel();
}

}  // namespace

int64_t Slot::numel() const { return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()); }

BlockLayout embedding_layout(const ModelConfig& config) {
  BlockLayout layout;
  append(layout, "model.embed_tokens.weight", {config.vocab_size, config.hidden_size});
  return layout;
}

BlockLayout layer_layout(const ModelConfig& config) {
  const int64_t d = config.hidden_size, f = config.intermediate_size;
  const int64_t queries = config.num_attention_heads * config.head_dim();
  const int64_t keys = config.num_key_value_heads * config.head_dim();
  BlockLayout layout;
  append(layout, "input_layernorm.weight", {d});
  append(layout, "self_attn.q_proj.weight", {queries, d});
  append(layout, "self_attn.k_proj.weight", {keys, d});
  append(layout, "self_attn.v_proj.weight", {keys, d});
  append(layout, "self_attn.o_proj.weight", {d, queries});
  append(layout, "post_attention_layernorm.weight", {d});
  append(layout, "mlp.gate_proj.weight", {f, d});
  append(layout, "mlp.up_proj.weight", {f, d});
  append(layout, "mlp.down_proj.weight", {d, f});
  return layout;
}

BlockLayout head_layout(const ModelConfig& config) {
  BlockLayout layout;
  append(layout, "model.norm.weight", {config.hidden_size});
  if (!config.tie_word_embeddings) {
    append(layout, "lm_head.weight", {config.vocab_size, config.hidden_size});
  }
  return layout;
}

std::string layer_prefix(int64_t layer) { return "model.layers." + std::to_string(layer) + "."; }

std::string name_before(const std::string& name, const std::vector<int>& order) {
  for (size_t layer = 0; layer < order.size(); ++layer) {
    const std::string prefix = layer_prefix(static_cast<int64_t>(layer));
    if (name.starts_with(prefix)) {
      return layer_prefix(order[layer]) + name.substr(prefix.size());
    }
  }
  return name;
}

}  // namespace cambium::model
