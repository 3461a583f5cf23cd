#include "cambium/ops/attention.h"
#include "cambium/ops/backend.h"
#include "cambium/ops/cpu.h"

namespace cambium::ops {
namespace {

using namespace cpu;

/// The tokens of a batch entry at head `head` from token `first` on, as rows.
template <typename T>
Rows<const T> tokens(const at::Tensor& x, const Segment& at, int64_t head) {
  return {data<T>(x) + at.batch * x.stride(0) + at.begin * x.stride(1) + head * x.stride(2), x.stride(1)};
}
template <typename T>
Rows<T> mutable_tokens(const at::Tensor& x, const Segment& at, int64_t head) {
  return {mutable_data<T>(x) + at.batch * x.stride(0) + at.begin * x.stride(1) + head * x.stride(2), x.stride(1)};
}

/// Calls body(segment, key head) for all, split over the threads. Without segments: one a batch entry, of all of its
/// queries.
template <typename Body>
void for_groups(const at::Tensor& queries, const at::Tensor& keys, std::span<const Segment> segments, Body&& body) {
  const int64_t key_heads = keys.size(2);
  const int64_t count = segments.empty() ? queries.size(0) : static_cast<int64_t>(segments.size());
  for_range(count * key_heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t i = task / key_heads;
      body(segments.empty() ? Segment{i, 0, queries.size(1)} : segments[static_cast<size_t>(i)], task % key_heads);
    }
  });
}

/// A segment's part of a tensor [batch, tokens, …], as one batch entry.
at::Tensor part(const at::Tensor& x, const Segment& of, int64_t token_dim = 1) {
  return x.narrow(0, of.batch, 1).narrow(token_dim, of.begin, of.end - of.begin);
}

}  // namespace

void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse,
               std::span<const Segment> segments) {
  if (Backend* device = backend_of(q)) {
    if (segments.empty()) {
      device->attention(q, k, v, out, lse);
    }
    for (const Segment& s : segments) {
      at::Tensor out_part = part(out, s), lse_part = part(lse, s, 2);
      device->attention(part(q, s), part(k, s), part(v, s), out_part, lse_part);
    }
    return;
  }
  const int64_t heads = q.size(2), d = q.size(3), group = heads / k.size(2);
  dispatch(q.scalar_type(), "attention", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_groups(q, k, segments, [&](const Segment& s, int64_t key_head) {
      const int64_t head = key_head * group, tq = s.end - s.begin, tk = segments.empty() ? k.size(1) : tq;
      kernel.attention({.q = tokens<T>(q, s, head),
                        .k = tokens<T>(k, s, key_head),
                        .v = tokens<T>(v, s, key_head),
                        .out = mutable_tokens<T>(out, s, head),
                        .lse = mutable_data<float>(lse) + (s.batch * heads + head) * q.size(1) + s.begin,
                        .lse_stride = q.size(1),
                        .tq = tq,
                        .tk = tk,
                        .group = group,
                        .head_dim = d},
                       scratch(Slot::kKernel, kernels::attention_scratch(tk, d)));
    });
  });
}

void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv,
                        std::span<const Segment> segments) {
  if (Backend* device = backend_of(q)) {
    if (segments.empty()) {
      device->attention_backward(dout, q, k, v, out, lse, dq, dk, dv);
    }
    for (const Segment& s : segments) {
      at::Tensor dq_part = part(dq, s), dk_part = part(dk, s), dv_part = part(dv, s);
      device->attention_backward(part(dout, s), part(q, s), part(k, s), part(v, s), part(out, s),
                                 part(lse, s, 2).contiguous(), dq_part, dk_part, dv_part);
    }
    return;
  }
  const int64_t heads = q.size(2), d = q.size(3), group = heads / k.size(2);
  dispatch(q.scalar_type(), "attention_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_groups(q, k, segments, [&](const Segment& s, int64_t key_head) {
      const int64_t head = key_head * group, t = s.end - s.begin;
      kernel.attention_backward({.q = tokens<T>(q, s, head),
                                 .k = tokens<T>(k, s, key_head),
                                 .v = tokens<T>(v, s, key_head),
                                 .out = tokens<T>(out, s, head),
                                 .dout = tokens<T>(dout, s, head),
                                 .lse = data<float>(lse) + (s.batch * heads + head) * q.size(1) + s.begin,
                                 .dq = mutable_tokens<T>(dq, s, head),
                                 .dk = mutable_tokens<T>(dk, s, key_head),
                                 .dv = mutable_tokens<T>(dv, s, key_head),
                                 .lse_stride = q.size(1),
                                 .t = t,
                                 .group = group,
                                 .head_dim = d},
                                scratch(Slot::kKernel, kernels::attention_backward_scratch(t, d)));
    });
  });
}

}  // namespace cambium::ops
