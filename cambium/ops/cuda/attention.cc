#include "cambium/ops/cuda/attention.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <tuple>

namespace cambium::ops::cuda {
namespace {

double scale_of(const at::Tensor& q) { return 1.0 / std::sqrt(static_cast<double>(q.size(3))); }

bool flash_takes(const at::Tensor& q, const at::Tensor& k) {
  constexpr int64_t kWidest = 256, kGrain = 8;
  const char* asked = std::getenv("CAMBIUM_CUDA_ATTENTION");
  return q.is_cuda() && q.scalar_type() == at::kBFloat16 && q.size(1) == k.size(1) && q.size(3) <= kWidest &&
         q.size(3) % kGrain == 0 && (asked == nullptr || std::string_view(asked) != "plain");
}

/// [batch, heads, tokens, head_dim], as LibTorch's attention wants them.
at::Tensor by_heads(const at::Tensor& x) { return x.transpose(1, 2); }

// --- plainly: one batch entry at a time, in float32, all scores at once
// ------------------------------------------------

/// [key heads, group · tokens or tokens, head_dim] float32: the query heads of a group, one behind the other.
at::Tensor grouped(const at::Tensor& x, int64_t batch, int64_t key_heads) {
  return x[batch].transpose(0, 1).to(at::kFloat).reshape({key_heads, -1, x.size(3)});
}

/// Writes what `grouped` made of a tensor back.
void put(const at::Tensor& from, int64_t batch, at::Tensor& to) {
  to[batch].transpose(0, 1).copy_(from.reshape({to.size(2), to.size(1), to.size(3)}));
}

/// Scaled scores [key heads, group · tq, tk]; -inf behind the mask.
at::Tensor scores(const at::Tensor& q, const at::Tensor& k, int64_t tq, double scale) {
  const int64_t tk = k.size(1);
  const at::Tensor rows = at::arange(tq, q.options().dtype(at::kLong)).unsqueeze(1) + (tk - tq);
  const at::Tensor hidden = at::arange(tk, rows.options()).unsqueeze(0) > rows;
  at::Tensor all = at::matmul(q, k.transpose(1, 2)).mul_(scale);
  all.view({q.size(0), -1, tq, tk}).masked_fill_(hidden, -std::numeric_limits<float>::infinity());
  return all;
}

void plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse) {
  const int64_t key_heads = k.size(2);
  for (int64_t batch = 0; batch < q.size(0); ++batch) {
    const at::Tensor values = grouped(v, batch, key_heads);
    const at::Tensor all = scores(grouped(q, batch, key_heads), grouped(k, batch, key_heads), q.size(1), scale_of(q));
    const at::Tensor sums = all.logsumexp(2, /*keepdim=*/true);
    put(at::matmul((all - sums).exp_(), values), batch, out);
    lse[batch].copy_(sums.view_as(lse[batch]));
  }
}

void plain_attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv) {
  const int64_t key_heads = k.size(2);
  const double scale = scale_of(q);
  for (int64_t batch = 0; batch < q.size(0); ++batch) {
    const at::Tensor queries = grouped(q, batch, key_heads), keys = grouped(k, batch, key_heads);
    const at::Tensor values = grouped(v, batch, key_heads), d_out = grouped(dout, batch, key_heads);
    const at::Tensor sums = lse[batch].view({key_heads, -1, 1});
    const at::Tensor probabilities = (scores(queries, keys, q.size(1), scale) - sums).exp_();
    at::Tensor d_scores = at::matmul(d_out, values.transpose(1, 2)).mul_(probabilities);
    d_scores.sub_(d_scores.sum(2, /*keepdim=*/true) * probabilities).mul_(scale);
    put(at::matmul(d_scores, keys), batch, dq);
    put(at::matmul(d_scores.transpose(1, 2), queries), batch, dk);
    put(at::matmul(probabilities.transpose(1, 2), d_out), batch, dv);
  }
}

}  // namespace

void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out, at::Tensor& lse) {
  if (!flash_takes(q, k)) {
    plain_attention(q, k, v, out, lse);
    return;
  }
  const auto found =
      at::_scaled_dot_product_flash_attention(by_heads(q), by_heads(k), by_heads(v), /*dropout_p=*/0.0,
                                              /*is_causal=*/true, /*return_debug_mask=*/false, scale_of(q));
  out.copy_(by_heads(std::get<0>(found)));
  lse.copy_(std::get<1>(found));
}

void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk, at::Tensor& dv) {
  if (!flash_takes(q, k)) {
    plain_attention_backward(dout, q, k, v, lse, dq, dk, dv);
    return;
  }
  // What only dropout or sequences of different length would need.
  const at::Tensor none, unused = at::empty({}, q.options().dtype(at::kLong));
  const auto [d_q, d_k, d_v] = at::_scaled_dot_product_flash_attention_backward(
      by_heads(dout), by_heads(q), by_heads(k), by_heads(v), by_heads(out), lse, none, none, q.size(1), k.size(1),
      /*dropout_p=*/0.0, /*is_causal=*/true, unused, unused, scale_of(q));
  dq.copy_(by_heads(d_q));
  dk.copy_(by_heads(d_k));
  dv.copy_(by_heads(d_v));
}

}  // namespace cambium::ops::cuda
