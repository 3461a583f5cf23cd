#include "cambium/ops/attention.h"
#include "cambium/ops/backend.h"
#include "cambium/ops/cpu.h"

namespace cambium::ops {
namespace {

using namespace cpu;

/// The tokens of batch entry `batch` at head `head`, as rows.
template <typename T>
Rows<const T> tokens(const at::Tensor& x, int64_t batch, int64_t head) {
  return {data<T>(x) + batch * x.stride(0) + head * x.stride(2), x.stride(1)};
}
template <typename T>
Rows<T> mutable_tokens(const at::Tensor& x, int64_t batch, int64_t head) {
  return {mutable_data<T>(x) + batch * x.stride(0) + head * x.stride(2), x.stride(1)};
}

/// Calls body(batch, key head) for all groups, split over the threads.
template <typename Body>
void for_groups(const at::Tensor& keys, Body&& body) {
  const int64_t key_heads = keys.size(2);
  for_range(keys.size(0) * key_heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      body(task / key_heads, task % key_heads);
    }
  });
}

}  // namespace

void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse) {
  if (Backend* device = backend_of(q)) {
    device->attention(q, k, v, out, lse);
    return;
  }
  const int64_t heads = q.size(2), d = q.size(3), group = heads / k.size(2);
  dispatch(q.scalar_type(), "attention", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_groups(k, [&](int64_t batch, int64_t key_head) {
      const int64_t head = key_head * group;
      kernel.attention({.q = tokens<T>(q, batch, head),
                        .k = tokens<T>(k, batch, key_head),
                        .v = tokens<T>(v, batch, key_head),
                        .out = mutable_tokens<T>(out, batch, head),
                        .lse = mutable_data<float>(lse) + (batch * heads + head) * q.size(1),
                        .tq = q.size(1),
                        .tk = k.size(1),
                        .group = group,
                        .head_dim = d},
                       scratch(Slot::kKernel, kernels::attention_scratch(k.size(1), d)));
    });
  });
}

void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv) {
  if (Backend* device = backend_of(q)) {
    device->attention_backward(dout, q, k, v, out, lse, dq, dk, dv);
    return;
  }
  const int64_t t = q.size(1), heads = q.size(2), d = q.size(3), group = heads / k.size(2);
  dispatch(q.scalar_type(), "attention_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_groups(k, [&](int64_t batch, int64_t key_head) {
      const int64_t head = key_head * group;
      kernel.attention_backward({.q = tokens<T>(q, batch, head),
                                 .k = tokens<T>(k, batch, key_head),
                                 .v = tokens<T>(v, batch, key_head),
                                 .out = tokens<T>(out, batch, head),
                                 .dout = tokens<T>(dout, batch, head),
                                 .lse = data<float>(lse) + (batch * heads + head) * t,
                                 .dq = mutable_tokens<T>(dq, batch, head),
                                 .dk = mutable_tokens<T>(dk, batch, key_head),
                                 .dv = mutable_tokens<T>(dv, batch, key_head),
                                 .t = t,
                                 .group = group,
                                 .head_dim = d},
                                scratch(Slot::kKernel, kernels::attention_backward_scratch(t, d)));
    });
  });
}

}  // namespace cambium::ops
