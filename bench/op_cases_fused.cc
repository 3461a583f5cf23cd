#include "bench/op_cases.h"
#include "cambium/ops/attention_input.h"
#include "cambium/ops/attention_output.h"
#include "cambium/ops/mlp.h"
#include "tests/ops/twins.h"

// The fused parts of a layer: what stands before attention, what stands behind it, and the MLP.

namespace cambium::bench {
namespace {

ops::RopeTable rope_table(const OpShape& shape) {
  const at::Tensor angles = at::rand({shape.seq, shape.head_dim() / 2}) * 6.28;
  return {angles.cos(), angles.sin()};
}

struct Input {
  Input(const OpShape& of_shape, at::ScalarType of_type)
      : shape(of_shape),
        type(of_type),
        table(rope_table(shape)),
        h(at::randn({shape.rows(), shape.hidden})),
        norm(at::ones({shape.hidden})),
        w((at::randn({3 * shape.hidden, shape.hidden}) * 0.05).to(type)),
        normed(at::empty(h.sizes(), type)),
        inv_rms(at::empty({shape.rows()})),
        qkv(at::empty({shape.rows(), 3 * shape.hidden}, type)),
        d_qkv(at::randn(qkv.sizes()).to(type)),
        d_normed(at::empty_like(normed)),
        dh(at::zeros_like(h)),
        d_norm(at::zeros_like(norm)),
        d_w(at::zeros(w.sizes(), at::kFloat)) {}
  ops::AttentionInput op() const {
    return {.norm = norm,
            .w = w,
            .eps = kEps,
            .scale = 1,
            .rope = table,
            .rotated_heads = 2 * shape.heads,
            .head_dim = shape.head_dim(),
            .seq = shape.seq,
            .first_position = 0};
  }
  at::Tensor twin(const at::Tensor& stream, const at::Tensor& norm_weight, const at::Tensor& weight) const {
    const at::Tensor rows = ops::twins::rms_norm(stream, norm_weight, kEps, 1).to(type);
    return ops::twins::rope(at::matmul(rows, weight.t()), table, 2 * shape.heads, shape.head_dim(), shape.seq, 0);
  }
  OpShape shape;
  at::ScalarType type;
  ops::RopeTable table;
  at::Tensor h, norm, w, normed, inv_rms, qkv, d_qkv, d_normed, dh, d_norm, d_w;
};

OpRuns input_runs(const OpShape& shape, at::ScalarType type) {
  Input t(shape, type);
  return {.ours = [t]() mutable { ops::attention_input(t.op(), t.h, t.normed, t.inv_rms, t.qkv); },
          .twin = [t] { t.twin(t.h, t.norm, t.w); }};
}
OpRuns input_backward_runs(const OpShape& shape, at::ScalarType type) {
  Input t(shape, type);
  ops::attention_input(t.op(), t.h, t.normed, t.inv_rms, t.qkv);
  return {.ours =
              [t]() mutable {
                ops::attention_input_backward(t.op(), t.h, t.normed, t.inv_rms, t.d_qkv, t.d_normed, t.dh, t.d_norm,
                                              t.d_w);
              },
          .twin = twin_backward(
              {t.h, t.norm, t.w}, [t](const auto& in) { return t.twin(in[0], in[1], in[2]); }, t.d_qkv.clone())};
}

struct Output {
  Output(const OpShape& shape, at::ScalarType type)
      : attended(at::randn({shape.rows(), shape.hidden}).to(type)),
        w((at::randn({shape.hidden, shape.hidden}) * 0.05).to(type)),
        h(at::randn({shape.rows(), shape.hidden})),
        out(at::empty_like(h)),
        dh(at::randn(h.sizes())),
        d_branch(at::empty_like(attended)),
        d_attended(at::empty_like(attended)),
        d_w(at::zeros(w.sizes(), at::kFloat)) {}
  at::Tensor attended, w, h, branch, out, dh, d_branch, d_attended, d_w;
};

OpRuns output_runs(const OpShape& shape, at::ScalarType type) {
  Output t(shape, type);
  return {.ours = [t]() mutable { ops::attention_output(t.attended, t.w, t.h, t.branch, t.out); },
          .twin = [t] { at::add(t.h, at::matmul(t.attended, t.w.t())); }};
}
OpRuns output_backward_runs(const OpShape& shape, at::ScalarType type) {
  Output t(shape, type);
  const auto forward = [](const auto& in) { return in[0] + at::matmul(in[1], in[2].t()); };
  return {
      .ours = [t]() mutable { ops::attention_output_backward(t.dh, t.attended, t.w, t.d_branch, t.d_attended, t.d_w); },
      .twin = twin_backward({t.h, t.attended, t.w}, forward, t.dh)};
}

struct Mlp {
  Mlp(const OpShape& shape, at::ScalarType of_type)
      : type(of_type),
        h(at::randn({shape.rows(), shape.hidden})),
        weights{.norm = at::ones({shape.hidden}),
                .gate_up = (at::randn({2 * shape.intermediate, shape.hidden}) * 0.05).to(type),
                .down = (at::randn({shape.hidden, shape.intermediate}) * 0.05).to(type)},
        gradients{.norm = at::zeros({shape.hidden}),
                  .gate_up = at::zeros(weights.gate_up.sizes(), at::kFloat),
                  .down = at::zeros(weights.down.sizes(), at::kFloat)},
        state{.normed = at::empty(h.sizes(), type),
              .inv_rms = at::empty({shape.rows()}),
              .gate_up = at::empty({shape.rows(), 2 * shape.intermediate}, type),
              .activated = at::empty({shape.rows(), shape.intermediate}, type)},
        scratch{.d_branch = at::empty(h.sizes(), type),
                .d_normed = at::empty(h.sizes(), type),
                .d_activated = at::empty_like(state.activated)},
        out(at::empty_like(h)),
        dh(at::randn(h.sizes())) {}
  at::Tensor twin(const at::Tensor& stream, const at::Tensor& norm, const at::Tensor& gate_up,
                  const at::Tensor& down) const {
    const at::Tensor rows = ops::twins::rms_norm(stream, norm, kEps, 1).to(type);
    return stream + at::matmul(ops::twins::swiglu(at::matmul(rows, gate_up.t())), down.t());
  }
  at::ScalarType type;
  at::Tensor h;
  ops::MlpWeights weights, gradients;
  ops::MlpState state;
  ops::MlpScratch scratch;
  at::Tensor branch, out, dh;
};

OpRuns mlp_runs(const OpShape& shape, at::ScalarType type) {
  Mlp t(shape, type);
  return {.ours =
              [t]() mutable {
                ops::mlp(t.weights, {kEps, 1}, t.h, t.state, t.branch, t.out);
              },
          .twin = [t] { t.twin(t.h, t.weights.norm, t.weights.gate_up, t.weights.down); }};
}
OpRuns mlp_backward_runs(const OpShape& shape, at::ScalarType type) {
  Mlp t(shape, type);
  ops::mlp(t.weights, {kEps, 1}, t.h, t.state, t.branch, t.out);
  const at::Tensor dh = t.dh.clone(), gate_up = t.state.gate_up.clone();
  return {.ours =
              [t]() mutable {
                ops::mlp_backward(t.weights, {kEps, 1}, t.h, t.state, t.scratch, t.dh, t.gradients);
              },
          .twin = twin_backward(
              {t.h, t.weights.norm, t.weights.gate_up, t.weights.down},
              [t](const auto& in) { return t.twin(in[0], in[1], in[2], in[3]); }, dh),
          .restore =
              [t, dh, gate_up]() mutable {
                t.dh.copy_(dh);
                t.state.gate_up.copy_(gate_up);
              }};
}

}  // namespace

void add_fused_cases(std::vector<OpCase>& cases, const OpShape& shape, at::ScalarType type) {
  const auto n = static_cast<double>(shape.rows()), d = static_cast<double>(shape.hidden);
  const double square = 2 * n * d * d, mlp = 6 * n * d * static_cast<double>(shape.intermediate);
  const auto add = [&](const char* op, double flops, OpRuns (*make)(const OpShape&, at::ScalarType)) {
    cases.push_back({op, flops, [=] { return make(shape, type); }});
  };
  add("attention_input", 3 * square, input_runs);
  add("attention_input_backward", 6 * square, input_backward_runs);
  add("attention_output", square, output_runs);
  add("attention_output_backward", 2 * square, output_backward_runs);
  add("mlp", mlp, mlp_runs);
  add("mlp_backward", 2 * mlp, mlp_backward_runs);
}

}  // namespace cambium::bench
