#pragma once

#include <ATen/ATen.h>

namespace cambium::ops::cuda {

/// ops/attention.h, by LibTorch's FlashAttention where it takes the shapes (bfloat16, as many queries as keys, head
/// dimensions up to 256 that are multiples of 8), else plainly. CAMBIUM_CUDA_ATTENTION=plain asks for the latter.
void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse);
void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv);

}  // namespace cambium::ops::cuda
