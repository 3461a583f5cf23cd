#include "cambium/analysis/blocks.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/sublayers.h"

namespace cambium::analysis {
namespace {

at::Tensor ratio(const at::Tensor& part, const at::Tensor& whole) { return part / whole.clamp_min(kLeastNorm); }

}  // namespace

Values contributions(Context& context) {
  const int64_t layers = context.num_layers();
  Mean rc_attn(layers), rc_mlp(layers), rc_layer(layers), norm_attn(layers), norm_mlp(layers), norm_input(layers);
  at::Tensor largest = at::zeros({3, layers}, at::kDouble);
  const std::vector<Batch> batches = make_batches(context.prompts.prompts, context.settings.batch_tokens);
  context.partial.expect(static_cast<int64_t>(batches.size()) * layers, "layers");
  for (const Batch& batch : batches) {
    for_each_layer(context.engine, batch, [&](int64_t layer, const Sublayers& values) {
      const at::Tensor h = norms(values.h), a = norms(values.a), m = norms(values.m);
      rc_attn.add(layer, ratio(a, h));
      rc_mlp.add(layer, ratio(m, norms(values.h + values.a)));
      rc_layer.add(layer, ratio(norms(values.a + values.m), h));
      norm_attn.add(layer, a);
      norm_mlp.add(layer, m);
      norm_input.add(layer, h);
      const at::Tensor now = at::stack({a.max(), m.max(), h.max()}).to(at::kCPU, at::kDouble);
      largest.select(1, layer).copy_(at::maximum(largest.select(1, layer), now));
      context.partial.step();
    });
  }
  Values values{{"rc_attn", rc_attn.json()},
                {"rc_mlp", rc_mlp.json()},
                {"rc_layer", rc_layer.json()},
                {"norm_attn", norm_attn.json()},
                {"norm_mlp", norm_mlp.json()},
                {"norm_input", norm_input.json()},
                {"max_norm_attn", to_json(largest[0])},
                {"max_norm_mlp", to_json(largest[1])},
                {"max_norm_input", to_json(largest[2])}};
  for (const char* name : {"rc_attn", "rc_mlp", "rc_layer"}) {
    add_by_position(values, name, context.settings.block_size);
  }
  return values;
}

}  // namespace cambium::analysis
