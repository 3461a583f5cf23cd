#pragma once

namespace cambium::model {

/// What the forward pass does not keep for the backward pass, which computes it again.
enum class Recompute {
  kNone,
  /// The normed inputs, the residual stream between a layer's halves and the MLP's activation: what follows from kept
  /// tensors by cheap passes and one small product (the attention's output, d² of a layer's 4 d² + 3 d f weights).
  kSelective,
  kFull,  ///< all but the layers' inputs: a second forward pass
};

}  // namespace cambium::model
