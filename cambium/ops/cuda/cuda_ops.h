#pragma once

#include "cambium/ops/backend.h"

namespace cambium::ops::cuda {

/// The ops over CUDA kernels (kernels.h), products (gemm.h) and attention (attention.h), all of them on
/// current_stream(). What is left is the device itself. Nothing here needs a GPU to be compiled: the tests run it over
/// emulated kernels.
class CudaOps : public Backend {
 public:
  void rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale, at::Tensor& y,
                at::Tensor& inv_rms) override;
  void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& inv_rms,
                         double scale, at::Tensor& dx, at::Tensor& dweight) override;
  void linear(const at::Tensor& x, const at::Tensor& w, at::Tensor& y) override;
  void linear_add(const at::Tensor& x, const at::Tensor& w, const at::Tensor& h, at::Tensor& branch,
                  at::Tensor& out) override;
  void linear_input_grad(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx) override;
  void linear_weight_grad(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) override;
  void swiglu(const at::Tensor& gate_up, at::Tensor& y) override;
  void swiglu_backward(const at::Tensor& dy, at::Tensor& gate_up) override;
  void rope(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first,
            double direction) override;
  void residual_add(const at::Tensor& h, const at::Tensor& branch, at::Tensor& out) override;
  void cast(const at::Tensor& x, at::Tensor& out) override;
  void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out,
                 at::Tensor& lse) override;
  void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk,
                          at::Tensor& dv) override;
  void cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& row_loss,
                     const LossGradient* gradient) override;
  void embedding(const at::Tensor& table, const at::Tensor& ids, at::Tensor& h) override;
  void embedding_backward(const at::Tensor& dh, const at::Tensor& ids, at::Tensor& dtable) override;
  void adamw(const AdamWStep& step, const at::Tensor& guard, const at::Tensor& grad, at::Tensor& weight,
             at::Tensor& exp_avg, at::Tensor& exp_avg_sq, at::Tensor& compute) override;
  void sum_squares(const at::Tensor& x, at::Tensor& sum) override;
};

}  // namespace cambium::ops::cuda
