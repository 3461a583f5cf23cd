#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "bench/op_cases.h"
#include "cambium/ops/attention.h"
#include "cambium/ops/head_loss.h"
#include "cambium/ops/linear.h"
#include "tests/ops/twins.h"

// Ops that are products: linear layers (gate|up's sizes), attention, the head with its loss.

namespace cambium::bench {
namespace {

using ops::attention;
using ops::attention_backward;

struct Linear {
  Linear(const OpShape& shape, at::ScalarType type)
      : x(at::randn({shape.rows(), shape.hidden}).to(type)),
        w(at::randn({2 * shape.intermediate, shape.hidden}).to(type)),
        dy(at::randn({shape.rows(), 2 * shape.intermediate}).to(type)),
        y(at::empty_like(dy)),
        dx(at::empty_like(x)),
        dw(at::zeros(w.sizes(), at::kFloat)),
        twin_dw(at::zeros_like(dw)) {}
  at::Tensor x, w, dy, y, dx, dw, twin_dw;
};

struct Attention {
  Attention(const OpShape& shape, at::ScalarType type) {
    const std::vector<int64_t> sizes{shape.batch, shape.seq, shape.heads, shape.head_dim()};
    for (at::Tensor* input : {&q, &k, &v, &dout}) {
      *input = at::randn(sizes).to(type);
    }
    for (at::Tensor* output : {&out, &dq, &dk, &dv}) {
      *output = at::empty(sizes, type);
    }
    lse = at::empty({shape.batch, shape.heads, shape.seq}, at::kFloat);
  }
  at::Tensor q, k, v, dout, out, lse, dq, dk, dv;
};

struct Head {
  Head(const OpShape& shape, at::ScalarType type)
      : x(at::randn({shape.rows(), shape.hidden}).to(type)),
        w((at::randn({shape.vocab, shape.hidden}) * 0.05).to(type)),
        targets(at::randint(shape.vocab, {shape.rows()}, at::kInt)),
        logits(at::empty({std::min<int64_t>(kChunk, shape.rows()), shape.vocab}, type)),
        row_loss(at::empty({shape.rows()}, at::kFloat)),
        gradient{.loss = {.scale = 1.0 / static_cast<double>(shape.rows()), .z_loss = 0},
                 .dx = at::empty_like(x),
                 .dw = at::zeros(w.sizes(), at::kFloat)} {}
  static constexpr int64_t kChunk = 1024;
  at::Tensor x, w, targets, logits, row_loss;
  ops::HeadGradient gradient;
};

OpRuns linear_runs(const OpShape& shape, at::ScalarType type) {
  Linear t(shape, type);
  return {.ours = [t]() mutable { ops::linear(t.x, t.w, t.y); }, .twin = [t] { at::matmul(t.x, t.w.t()); }};
}
OpRuns input_grad_runs(const OpShape& shape, at::ScalarType type) {
  Linear t(shape, type);
  return {.ours = [t]() mutable { ops::linear_input_grad(t.dy, t.w, t.dx); }, .twin = [t] { at::matmul(t.dy, t.w); }};
}
OpRuns weight_grad_runs(const OpShape& shape, at::ScalarType type) {
  Linear t(shape, type);
  return {.ours = [t]() mutable { ops::linear_weight_grad(t.dy, t.x, t.dw); },
          .twin = [t]() mutable { t.twin_dw.add_(at::matmul(t.dy.t(), t.x)); }};
}

OpRuns attention_runs(const OpShape& shape, at::ScalarType type) {
  Attention t(shape, type);
  return {.ours = [t]() mutable { attention(t.q, t.k, t.v, t.out, t.lse); },
          .twin = [t] { ops::twins::attention(t.q, t.k, t.v); }};
}
OpRuns attention_backward_runs(const OpShape& shape, at::ScalarType type) {
  Attention t(shape, type);
  attention(t.q, t.k, t.v, t.out, t.lse);
  return {
      .ours = [t]() mutable { attention_backward(t.dout, t.q, t.k, t.v, t.out, t.lse, t.dq, t.dk, t.dv); },
      .twin = twin_backward(
          {t.q, t.k, t.v}, [](const auto& qkv) { return ops::twins::attention(qkv[0], qkv[1], qkv[2]).out; }, t.dout)};
}

OpRuns head_loss_runs(const OpShape& shape, at::ScalarType type) {
  Head t(shape, type);
  return {.ours = [t]() mutable { ops::head_loss(t.x, t.w, t.targets, t.logits, t.row_loss, nullptr); },
          .twin = [t] { ops::twins::head_loss(t.x, t.w, t.targets, t.gradient.loss.scale, 0); }};
}
/// Ours makes the gradient in the same pass, so the twin's time is that of both as well.
OpRuns head_gradient_runs(const OpShape& shape, at::ScalarType type) {
  Head t(shape, type);
  const auto twin = [t, x = t.x.detach().clone().requires_grad_(true), w = t.w.detach().clone().requires_grad_(true)] {
    const c10::AutoGradMode recording(true);
    torch::autograd::grad({ops::twins::head_loss(x, w, t.targets, t.gradient.loss.scale, 0).objective}, {x, w});
  };
  return {.ours = [t]() mutable { ops::head_loss(t.x, t.w, t.targets, t.logits, t.row_loss, &t.gradient); },
          .twin = twin};
}

}  // namespace

void add_product_cases(std::vector<OpCase>& cases, const OpShape& shape, at::ScalarType type) {
  const auto n = static_cast<double>(shape.rows()), d = static_cast<double>(shape.hidden);
  const double linear = 4 * n * d * static_cast<double>(shape.intermediate);
  const double scores = 2 * n * d * static_cast<double>(shape.seq);  // two products, half of each behind the mask
  const double head = 2 * n * d * static_cast<double>(shape.vocab);
  const auto add = [&](const char* op, double flops, OpRuns (*make)(const OpShape&, at::ScalarType)) {
    cases.push_back({op, flops, [=] { return make(shape, type); }});
  };
  add("linear", linear, linear_runs);
  add("linear_input_grad", linear, input_grad_runs);
  add("linear_weight_grad", linear, weight_grad_runs);
  add("attention", scores, attention_runs);
  add("attention_backward", 2.5 * scores, attention_backward_runs);  // the scores again, and four products
  add("head_loss", head, head_loss_runs);
  add("head_loss with gradient", 3 * head, head_gradient_runs);
}

}  // namespace cambium::bench
