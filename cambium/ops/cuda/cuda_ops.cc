#include "cambium/ops/cuda/cuda_ops.h"

#include "cambium/base/error.h"
#include "cambium/ops/cuda/attention.h"
#include "cambium/ops/cuda/gemm.h"
#include "cambium/ops/cuda/kernels.h"
#include "cambium/ops/cuda/stream.h"
#include "cambium/ops/kernel_factors.h"
#include "cambium/ops/tensor_data.h"

namespace cambium::ops::cuda {
namespace {

/// Calls `run` with a number of the type that the kernels know it by.
template <typename Run>
void dispatch(const at::Tensor& tensor, const char* op, Run&& run) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      run(float{});
      break;
    case at::kBFloat16:
      run(BFloat16{});
      break;
    default:
      throw InvalidArgument(
          format("[{}] expected float32 or bfloat16, got {}", op, c10::toString(tensor.scalar_type())));
  }
}

}  // namespace

void CudaOps::rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale, at::Tensor& y,
                       at::Tensor& inv_rms) {
  dispatch(y, "rms_norm", [&]<typename T>(T) {
    cuda::rms_norm(current_stream(), data<float>(x), data<float>(weight), static_cast<float>(eps),
                   static_cast<float>(scale), x.size(0), x.size(1), mutable_data<T>(y), mutable_data<float>(inv_rms));
  });
}

void CudaOps::rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& inv_rms, double scale, at::Tensor& dx, at::Tensor& dweight) {
  const at::Tensor partial = at::empty({kNormParts, x.size(1)}, x.options());
  dispatch(dy, "rms_norm_backward", [&]<typename T>(T) {
    cuda::rms_norm_backward(current_stream(), data<T>(dy), data<float>(x), data<float>(weight), data<float>(inv_rms),
                            static_cast<float>(scale), x.size(0), x.size(1), mutable_data<float>(dx),
                            mutable_data<float>(dweight), mutable_data<float>(partial));
  });
}

void CudaOps::linear(const at::Tensor& x, const at::Tensor& w, at::Tensor& y) {
  gemm(x, Take::kAsIs, w, Take::kTransposed, Put::kOverwrite, y);
}

void CudaOps::linear_add(const at::Tensor& x, const at::Tensor& w, const at::Tensor& h, at::Tensor& branch,
                         at::Tensor& out) {
  // Rounded on its way into the sum whether somebody looks at it or not: the same bits in both cases.
  at::Tensor product = branch.defined() ? branch : at::empty({x.size(0), w.size(0)}, x.options());
  linear(x, w, product);
  residual_add(h, product, out);
}

void CudaOps::linear_input_grad(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx) {
  gemm(dy, Take::kAsIs, w, Take::kAsIs, Put::kOverwrite, dx);
}

void CudaOps::linear_weight_grad(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) {
  gemm(dy, Take::kTransposed, x, Take::kAsIs, Put::kAdd, dw);
}

void CudaOps::swiglu(const at::Tensor& gate_up, at::Tensor& y) {
  dispatch(y, "swiglu", [&]<typename T>(T) {
    cuda::swiglu(current_stream(), data<T>(gate_up), y.size(0), y.size(1), mutable_data<T>(y));
  });
}

void CudaOps::swiglu_backward(const at::Tensor& dy, at::Tensor& gate_up) {
  dispatch(dy, "swiglu_backward", [&]<typename T>(T) {
    cuda::swiglu_backward(current_stream(), data<T>(dy), dy.size(0), dy.size(1), mutable_data<T>(gate_up));
  });
}

void CudaOps::rope(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first,
                   double direction) {
  dispatch(x, "rope", [&]<typename T>(T) {
    cuda::rope(current_stream(), mutable_data<T>(x), x.stride(0), x.size(0), data<float>(table.cos),
               data<float>(table.sin), heads, head_dim, seq, first, static_cast<float>(direction));
  });
}

void CudaOps::residual_add(const at::Tensor& h, const at::Tensor& branch, at::Tensor& out) {
  dispatch(branch, "residual_add", [&]<typename T>(T) {
    cuda::residual_add(current_stream(), data<float>(h), data<T>(branch), h.numel(), mutable_data<float>(out));
  });
}

void CudaOps::cast(const at::Tensor& x, at::Tensor& out) {
  dispatch(out, "cast",
           [&]<typename T>(T) { cuda::cast(current_stream(), data<float>(x), x.numel(), mutable_data<T>(out)); });
}

void CudaOps::attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out,
                        at::Tensor& lse) {
  cuda::attention(q, k, v, out, lse);
}

void CudaOps::attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk,
                                 at::Tensor& dv) {
  cuda::attention_backward(dout, q, k, v, out, lse, dq, dk, dv);
}

void CudaOps::cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& row_loss,
                            const ops::LossGradient* gradient) {
  const auto scales = loss_gradient(gradient);
  dispatch(logits, "cross_entropy", [&]<typename T>(T) {
    cuda::cross_entropy(current_stream(), mutable_data<T>(logits), logits.size(0), logits.size(1),
                        data<int32_t>(targets), mutable_data<float>(row_loss), scales ? &*scales : nullptr);
  });
}

void CudaOps::embedding(const at::Tensor& table, const at::Tensor& ids, at::Tensor& h) {
  cuda::embedding(current_stream(), data<float>(table), data<int32_t>(ids), h.size(0), h.size(1),
                  mutable_data<float>(h));
}

void CudaOps::embedding_backward(const at::Tensor& dh, const at::Tensor& ids, at::Tensor& dtable) {
  const auto [sorted, order] = at::sort(ids, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  cuda::embedding_backward(current_stream(), data<float>(dh), data<int32_t>(sorted), data<int64_t>(order), dh.size(0),
                           dh.size(1), mutable_data<float>(dtable));
}

void CudaOps::adamw(const AdamWStep& step, const at::Tensor& guard, const at::Tensor& grad, at::Tensor& weight,
                    at::Tensor& exp_avg, at::Tensor& exp_avg_sq, at::Tensor& compute) {
  cuda::adamw(current_stream(), adamw_factors(step), data<float>(guard), weight.numel(), data<float>(grad),
              mutable_data<float>(weight), mutable_data<float>(exp_avg), mutable_data<float>(exp_avg_sq),
              compute.defined() ? mutable_data<BFloat16>(compute) : nullptr);
}

void CudaOps::sum_squares(const at::Tensor& x, at::Tensor& sum) {
  const at::Tensor partial = at::empty({kSumParts}, sum.options());
  cuda::sum_squares(current_stream(), data<float>(x), x.numel(), mutable_data<double>(sum),
                    mutable_data<double>(partial));
}

}  // namespace cambium::ops::cuda
