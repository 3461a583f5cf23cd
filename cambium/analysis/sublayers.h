#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "cambium/analysis/batch.h"
#include "cambium/analysis/engine.h"

namespace cambium::analysis {

/// What flows through one layer for the tokens of a batch, [tokens, hidden] float32 each; h + a + m is its output.
struct Sublayers {
  at::Tensor h;  ///< the stream before the layer
  at::Tensor a;  ///< the attention's output
  at::Tensor m;  ///< the MLP's output
};

/// Runs the plain pass and shows every layer.
void for_each_layer(Engine& engine, const Batch& batch,
                    const std::function<void(int64_t layer, const Sublayers& values)>& visit);

}  // namespace cambium::analysis
