#include "cambium/analysis/attention_maps.h"

#include <cmath>

namespace cambium::analysis {

void for_each_attention(Engine& engine, const at::Tensor& ids,
                        const std::function<void(int64_t layer, const at::Tensor& probabilities)>& visit) {
  const model::ModelConfig& config = engine.model().config;
  const int64_t heads = config.num_attention_heads, kv_heads = config.num_key_value_heads, tokens = ids.size(1);
  at::Tensor stream = engine.embed(ids);
  for (int64_t layer = 0; layer < engine.num_layers(); ++layer) {
    stream = engine.layer(layer, stream);
    const at::Tensor packed =
        engine.last_qkv().view({tokens, heads + 2 * kv_heads, config.head_dim()}).to(at::kCPU, at::kFloat);
    const at::Tensor q = packed.narrow(1, 0, heads).transpose(0, 1);
    const at::Tensor k = packed.narrow(1, heads, kv_heads).transpose(0, 1).repeat_interleave(heads / kv_heads, 0);
    at::Tensor scores = at::matmul(q, k.transpose(1, 2)) / std::sqrt(static_cast<double>(config.head_dim()));
    scores.masked_fill_(at::ones({tokens, tokens}, at::kBool).triu(1), -INFINITY);
    visit(layer, at::softmax(scores, -1));
  }
}

}  // namespace cambium::analysis
