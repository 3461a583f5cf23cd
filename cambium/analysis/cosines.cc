#include "cambium/analysis/blocks.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/sublayers.h"

namespace cambium::analysis {

Values cosines_to_stream(Context& context) {
  const int64_t layers = context.num_layers();
  Mean attn(layers), mlp(layers), layer_update(layers), io(layers);
  const std::vector<Batch> batches = make_batches(context.prompts.prompts, context.settings.batch_tokens);
  context.partial.expect(static_cast<int64_t>(batches.size()) * layers, "layers");
  for (const Batch& batch : batches) {
    for_each_layer(context.engine, batch, [&](int64_t layer, const Sublayers& values) {
      const at::Tensor middle = values.h + values.a;
      attn.add(layer, cosines(values.a, values.h));
      mlp.add(layer, cosines(values.m, middle));
      layer_update.add(layer, cosines(values.a + values.m, values.h));
      io.add(layer, cosines(middle + values.m, values.h));
      context.partial.step();
    });
  }
  Values values{
      {"cos_attn", attn.json()}, {"cos_mlp", mlp.json()}, {"cos_layer", layer_update.json()}, {"cos_io", io.json()}};
  for (const char* name : {"cos_attn", "cos_mlp", "cos_layer", "cos_io"}) {
    add_by_position(values, name, context.settings.block_size);
  }
  return values;
}

}  // namespace cambium::analysis
