#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// What the gradient of a loss is made with.
struct LossGradient {
  double scale;   ///< of the loss: 1 / number of target tokens of the global batch
  double z_loss;  ///< adds z_loss · lse² to the loss of a row (de Brébisson & Vincent 2016; PaLM's z-loss)
};

/// row_loss[i] = lse_i - logit_i[target_i] in nats of logits [n, vocab] (float32 or bfloat16), 0 for a negative target;
/// targets [n] int32, row_loss [n] float32. Unless `gradient` is null the logits are overwritten with theirs.
void cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& row_loss, const LossGradient* gradient);

}  // namespace cambium::ops
