#pragma once

#include <ATen/ATen.h>

#include "cambium/ops/adamw.h"
#include "cambium/ops/rope.h"

// Every op once more, as plainly as ATen allows: no reused buffers, no blocks, and gradients by autograd. The twins
// compute in the type of what they are given; the tests give them float64.

namespace cambium::ops::twins {

/// [n, d] from x [n, d] and weight [d].
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale);

/// A rotated copy of x [batch · seq, columns].
at::Tensor rope(const at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq,
                int64_t first);

struct Attention {
  at::Tensor out;  ///< [b, Tq, H, head_dim]
  at::Tensor lse;  ///< [b, H, Tq]
};
/// q [b, Tq, H, head_dim]; k, v [b, Tk, K, head_dim]. Holds all scores, [b, H, Tq, Tk].
Attention attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v);

/// [n, f] from gate_up [n, 2 f].
at::Tensor swiglu(const at::Tensor& gate_up);

struct HeadLoss {
  at::Tensor row_loss;   ///< [n], zero without a target
  at::Tensor objective;  ///< what the gradient is of: scale · Σ (row_loss + z_loss · lse²) over rows with a target
};
/// x [n, d], w [vocab, d], targets [n] int32. Holds all logits, [n, vocab].
HeadLoss head_loss(const at::Tensor& x, const at::Tensor& w, const at::Tensor& targets, double scale, double z_loss);

/// [n, d] from table [vocab, d] and ids [n] int32.
at::Tensor embedding(const at::Tensor& table, const at::Tensor& ids);

/// Updates weight, exp_avg and exp_avg_sq in place, operation by operation as PyTorch's documentation of AdamW has it.
void adamw(const AdamWStep& step, double grad_scale, const at::Tensor& grad, at::Tensor& weight, at::Tensor& exp_avg,
           at::Tensor& exp_avg_sq);

}  // namespace cambium::ops::twins
