#include "tests/ops/twins.h"

#include <cmath>
#include <limits>

namespace cambium::ops::twins {

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale) {
  return x * at::rsqrt(x.pow(2).mean(-1, true) + eps) * weight * scale;
}

at::Tensor rope(const at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq,
                int64_t first) {
  const int64_t columns = x.size(1), half = head_dim / 2, rotated = heads * head_dim;
  const at::Tensor rows = x.narrow(1, 0, rotated).reshape({-1, seq, heads, 2, half});
  const at::Tensor low = rows.select(3, 0), high = rows.select(3, 1);
  const auto at_positions = [&](const at::Tensor& of) {
    return of.narrow(0, first, seq).to(x.scalar_type()).view({1, seq, 1, half});
  };
  const at::Tensor cos = at_positions(table.cos), sin = at_positions(table.sin);
  const at::Tensor turned = at::stack({low * cos - high * sin, high * cos + low * sin}, 3);
  return at::cat({turned.reshape({-1, rotated}), x.narrow(1, rotated, columns - rotated)}, 1);
}

Attention attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  const int64_t tq = q.size(1), tk = k.size(1), group = q.size(2) / k.size(2);
  const at::Tensor queries = q.transpose(1, 2);
  const at::Tensor keys = k.repeat_interleave(group, 2).transpose(1, 2);
  const at::Tensor values = v.repeat_interleave(group, 2).transpose(1, 2);
  const at::Tensor unseen = at::ones({tq, tk}, at::kBool).triu(tk - tq + 1);
  const at::Tensor scores = (at::matmul(queries, keys.transpose(2, 3)) / std::sqrt(static_cast<double>(q.size(3))))
                                .masked_fill(unseen, -std::numeric_limits<double>::infinity());
  return {.out = at::matmul(scores.softmax(-1), values).transpose(1, 2), .lse = scores.logsumexp(-1)};
}

at::Tensor swiglu(const at::Tensor& gate_up) {
  const int64_t f = gate_up.size(1) / 2;
  return at::silu(gate_up.narrow(1, 0, f)) * gate_up.narrow(1, f, f);
}

HeadLoss head_loss(const at::Tensor& x, const at::Tensor& w, const at::Tensor& targets, double scale, double z_loss) {
  const at::Tensor logits = at::matmul(x, w.t()), lse = logits.logsumexp(1);
  const at::Tensor has_target = (targets >= 0).to(x.scalar_type());
  const at::Tensor of_target = logits.gather(1, targets.clamp_min(0).to(at::kLong).unsqueeze(1)).squeeze(1);
  const at::Tensor row_loss = (lse - of_target) * has_target;
  return {.row_loss = row_loss, .objective = scale * (row_loss + z_loss * lse.pow(2) * has_target).sum()};
}

at::Tensor embedding(const at::Tensor& table, const at::Tensor& ids) { return table.index_select(0, ids); }

void adamw(const AdamWStep& step, double grad_scale, const at::Tensor& grad, at::Tensor& weight, at::Tensor& exp_avg,
           at::Tensor& exp_avg_sq) {
  const at::Tensor gradient = grad * grad_scale;
  const double count = static_cast<double>(step.step);
  weight.mul_(1.0 - step.learning_rate * step.weight_decay);
  exp_avg.mul_(step.beta1).add_(gradient, 1.0 - step.beta1);
  exp_avg_sq.mul_(step.beta2).addcmul_(gradient, gradient, 1.0 - step.beta2);
  const at::Tensor mean = exp_avg / (1.0 - std::pow(step.beta1, count));
  const at::Tensor spread = (exp_avg_sq / (1.0 - std::pow(step.beta2, count))).sqrt();
  weight.sub_(mean / (spread + step.eps), step.learning_rate);
}

}  // namespace cambium::ops::twins
