#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace cambium::model {

/// Points of a layer where the residual stream and what is added to it can be seen.
enum class Point { kLayerInput, kAttentionOutput, kMlpOutput, kLayerOutput };

/// Sees, and may overwrite in place, what flows through a forward pass.
class Tap {
 public:
  virtual ~Tap() = default;
  /// `place`: index in the layer order; `layer`: whose weights run there. `value` [batch, seq, hidden]: the residual
  /// stream (float32) at kLayerInput and kLayerOutput, the sublayer's output (compute type) before it is added else.
  virtual void see(Point point, int64_t place, int64_t layer, at::Tensor value) = 0;
};

}  // namespace cambium::model
