#include "bench/op_cases.h"
#include "cambium/ops/adamw.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/residual.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/ops/rope.h"
#include "cambium/ops/sum_squares.h"
#include "cambium/ops/swiglu.h"
#include "tests/ops/twins.h"

// Ops that pass over rows, and the optimizer's: memory decides their time.

namespace cambium::bench {
namespace {

struct Norm {
  Norm(const OpShape& shape, at::ScalarType type)
      : x(at::randn({shape.rows(), shape.hidden})),
        weight(at::ones({shape.hidden})),
        y(at::empty(x.sizes(), type)),
        inv_rms(at::empty({shape.rows()})),
        dy(at::randn(x.sizes()).to(type)),
        dx(at::zeros_like(x)),
        dweight(at::zeros_like(weight)) {}
  at::Tensor x, weight, y, inv_rms, dy, dx, dweight;
};

OpRuns norm_runs(const OpShape& shape, at::ScalarType type) {
  Norm t(shape, type);
  return {.ours = [t]() mutable { ops::rms_norm(t.x, t.weight, kEps, 1, t.y, t.inv_rms); },
          .twin = [t, type] { ops::twins::rms_norm(t.x, t.weight, kEps, 1).to(type); }};
}
OpRuns norm_backward_runs(const OpShape& shape, at::ScalarType type) {
  Norm t(shape, type);
  ops::rms_norm(t.x, t.weight, kEps, 1, t.y, t.inv_rms);
  const auto forward = [type](const auto& in) { return ops::twins::rms_norm(in[0], in[1], kEps, 1).to(type); };
  return {.ours = [t]() mutable { ops::rms_norm_backward(t.dy, t.x, t.weight, t.inv_rms, 1, t.dx, t.dweight); },
          .twin = twin_backward({t.x, t.weight}, forward, t.dy)};
}

OpRuns swiglu_runs(const OpShape& shape, at::ScalarType type) {
  const at::Tensor gate_up = at::randn({shape.rows(), 2 * shape.intermediate}).to(type);
  at::Tensor y = at::empty({shape.rows(), shape.intermediate}, type);
  return {.ours = [gate_up, y]() mutable { ops::swiglu(gate_up, y); },
          .twin = [gate_up] { ops::twins::swiglu(gate_up); }};
}
OpRuns swiglu_backward_runs(const OpShape& shape, at::ScalarType type) {
  const at::Tensor from = at::randn({shape.rows(), 2 * shape.intermediate}).to(type);
  const at::Tensor dy = at::randn({shape.rows(), shape.intermediate}).to(type);
  at::Tensor gate_up = from.clone();
  return {.ours = [dy, gate_up]() mutable { ops::swiglu_backward(dy, gate_up); },
          .twin = twin_backward(
              {from}, [](const auto& in) { return ops::twins::swiglu(in[0]); }, dy),
          .restore = [from, gate_up]() mutable { gate_up.copy_(from); }};
}

OpRuns rope_runs(const OpShape& shape, at::ScalarType type) {
  const at::Tensor angles = at::rand({shape.seq, shape.head_dim() / 2}) * 6.28;
  const ops::RopeTable table{angles.cos(), angles.sin()};
  at::Tensor qkv = at::randn({shape.rows(), 3 * shape.hidden}).to(type);
  return {.ours = [=]() mutable { ops::rope(qkv, table, 2 * shape.heads, shape.head_dim(), shape.seq, 0); },
          .twin = [=] { ops::twins::rope(qkv, table, 2 * shape.heads, shape.head_dim(), shape.seq, 0); }};
}

struct Embedding {
  explicit Embedding(const OpShape& shape)
      : table(at::randn({shape.vocab, shape.hidden})),
        ids(at::randint(shape.vocab, {shape.rows()}, at::kInt)),
        h(at::empty({shape.rows(), shape.hidden})),
        dh(at::randn(h.sizes())),
        dtable(at::zeros_like(table)) {}
  at::Tensor table, ids, h, dh, dtable;
};
OpRuns embedding_runs(const OpShape& shape, at::ScalarType /*type*/) {
  Embedding t(shape);
  return {.ours = [t]() mutable { ops::embedding(t.table, t.ids, t.h); },
          .twin = [t] { ops::twins::embedding(t.table, t.ids); }};
}
OpRuns embedding_backward_runs(const OpShape& shape, at::ScalarType /*type*/) {
  Embedding t(shape);
  at::Tensor twin = t.dtable.clone();
  return {.ours = [t]() mutable { ops::embedding_backward(t.dh, t.ids, t.dtable); },
          .twin = [t, twin]() mutable { twin.index_add_(0, t.ids, t.dh); }};
}

OpRuns residual_runs(const OpShape& shape, at::ScalarType type) {
  const at::Tensor h = at::randn({shape.rows(), shape.hidden}), branch = at::randn(h.sizes()).to(type);
  at::Tensor out = at::empty_like(h);
  return {.ours = [=]() mutable { ops::residual_add(h, branch, out); }, .twin = [=] { at::add(h, branch); }};
}
OpRuns cast_runs(const OpShape& shape, at::ScalarType type) {
  const at::Tensor x = at::randn({shape.rows(), shape.hidden});
  at::Tensor out = at::empty(x.sizes(), type);
  return {.ours = [=]() mutable { ops::cast(x, out); }, .twin = [=] { x.to(type, false, /*copy=*/true); }};
}

/// The head's weights: the largest block of a small model.
OpRuns adamw_runs(const OpShape& shape, at::ScalarType type) {
  const int64_t count = shape.vocab * shape.hidden;
  const ops::AdamWStep step{
      .learning_rate = 1e-4, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .weight_decay = 0.01, .step = 10};
  const at::Tensor grad = at::randn({count}), guard = at::tensor({0.5F, 1.0F});
  const auto state = [&] {
    return std::vector<at::Tensor>{at::randn({count}), at::zeros({count}), at::zeros({count}),
                                   type == at::kFloat ? at::Tensor() : at::empty({count}, type)};
  };
  return {.ours = [step, guard, grad, t = state()] { ops::adamw(step, guard, grad, t[0], t[1], t[2], t[3]); },
          .twin =
              [step, grad, t = state()]() mutable {
                ops::twins::adamw(step, 0.5, grad, t[0], t[1], t[2]);
                if (t[3].defined()) {
                  t[3].copy_(t[0]);
                }
              }};
}
OpRuns sum_squares_runs(const OpShape& shape, at::ScalarType /*type*/) {
  const at::Tensor x = at::randn({shape.vocab * shape.hidden});
  at::Tensor sum = at::zeros({}, at::kDouble);
  return {.ours = [x, sum]() mutable { ops::sum_squares(x, sum); }, .twin = [x] { x.pow(2).sum().item<double>(); }};
}

}  // namespace

void add_row_cases(std::vector<OpCase>& cases, const OpShape& shape, at::ScalarType type) {
  const auto add = [&](const char* op, OpRuns (*make)(const OpShape&, at::ScalarType)) {
    cases.push_back({op, 0, [=] { return make(shape, type); }});
  };
  add("rms_norm", norm_runs);
  add("rms_norm_backward", norm_backward_runs);
  add("swiglu", swiglu_runs);
  add("swiglu_backward", swiglu_backward_runs);
  add("rope", rope_runs);
  add("residual_add", residual_runs);
  add("cast", cast_runs);
  add("embedding", embedding_runs);
  add("embedding_backward", embedding_backward_runs);
  add("adamw", adamw_runs);
  add("sum_squares", sum_squares_runs);
}

}  // namespace cambium::bench
