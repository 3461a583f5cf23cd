#include "cambium/analysis/sublayers.h"

namespace cambium::analysis {

void for_each_layer(Engine& engine, const Batch& batch,
                    const std::function<void(int64_t layer, const Sublayers& values)>& visit) {
  at::Tensor stream = engine.embed(batch.ids);
  for (int64_t layer = 0; layer < engine.num_layers(); ++layer) {
    Sublayers values{.h = batch.real(stream), .a = {}, .m = {}};
    FunctionTap tap([&](model::Point point, int64_t /*layer*/, const at::Tensor& value) {
      // The branch's buffer is used again by the next sublayer.
      if (point == model::Point::kAttentionOutput) {
        values.a = batch.real(value.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true));
      } else if (point == model::Point::kMlpOutput) {
        values.m = batch.real(value.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true));
      }
    });
    const at::Tensor next = engine.layer(layer, stream, &tap);
    visit(layer, values);
    stream = next;
  }
}

}  // namespace cambium::analysis
