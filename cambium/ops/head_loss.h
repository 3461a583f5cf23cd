#pragma once

#include <ATen/ATen.h>

#include "cambium/ops/cross_entropy.h"

namespace cambium::ops {

/// What the gradient of the head's loss needs and gives.
struct HeadGradient {
  LossGradient loss;
  at::Tensor dx;  ///< [n, d] like x, written
  at::Tensor dw;  ///< [vocab, d] float32, added to
};

/// Cross entropy of the language-model head, row_loss[i] = lse_i - logit_i[target_i] in nats, without ever holding all
/// logits: rows go through the chunk `logits` [rows of a chunk, vocab] (type of x), whose gradient is made in place.
/// x [n, d], w [vocab, d] float32 or bfloat16; targets [n] int32, negative: no loss; row_loss [n] float32.
/// `gradient` may be null: the loss only.
void head_loss(const at::Tensor& x, const at::Tensor& w, const at::Tensor& targets, at::Tensor& logits,
               at::Tensor& row_loss, HeadGradient* gradient);

}  // namespace cambium::ops
