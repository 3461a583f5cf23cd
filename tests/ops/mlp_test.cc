#include "cambium/ops/mlp.h"

#include "cambium/ops/linear.h"
#include "cambium/ops/residual.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/ops/swiglu.h"
#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

constexpr MlpNorm kNorm{.eps = 1e-5, .scale = 0.5};

struct Sizes {
  int64_t n, d, f;
};
constexpr Sizes kSizes[] = {{1, 12, 20}, {7, 12, 20}, {65, 36, 50}, {513, 60, 101}, {96, 64, 192}};

/// One call of the op with everything that it needs.
struct Case {
  Case(const Sizes& s, at::ScalarType type)
      : sizes(s),
        weights{at::rand({s.d}) + 0.5, (at::randn({2 * s.f, s.d}) * 0.3).to(type),
                (at::randn({s.d, s.f}) * 0.3).to(type)},
        gradients{at::randn({s.d}), at::randn({2 * s.f, s.d}), at::randn({s.d, s.f})},
        h(at::randn({s.n, s.d})),
        dout(at::randn({s.n, s.d})),
        state{at::empty({s.n, s.d}, type), at::empty({s.n}), at::empty({s.n, 2 * s.f}, type),
              at::empty({s.n, s.f}, type)},
        scratch{at::empty({s.n, s.d}, type), at::empty({s.n, s.d}, type), at::empty({s.n, s.f}, type)},
        branch(at::empty({s.n, s.d}, type)),
        out(at::full({s.n, s.d}, NAN)) {}
  MlpWeights gradients_copy() const {
    return {gradients.norm.clone(), gradients.gate_up.clone(), gradients.down.clone()};
  }
  Sizes sizes;
  MlpWeights weights, gradients;
  at::Tensor h, dout;
  MlpState state;
  MlpScratch scratch;
  at::Tensor branch, out;
};

class Mlp : public OpTest {};

TEST_P(Mlp, IsItsPartsBitForBit) {
  for (const Sizes& s : kSizes) {
    SCOPED_TRACE(testing::Message() << s.n << " rows, " << s.d << " and " << s.f);
    Case c(s, type());
    mlp(c.weights, kNorm, c.h, c.state, c.branch, c.out);
    MlpState parts{at::empty_like(c.state.normed), at::empty_like(c.state.inv_rms), at::empty_like(c.state.gate_up),
                   at::empty_like(c.state.activated)};
    at::Tensor product = at::empty_like(c.branch), out = at::empty_like(c.out);
    rms_norm(c.h, c.weights.norm, kNorm.eps, kNorm.scale, parts.normed, parts.inv_rms);
    linear(parts.normed, c.weights.gate_up, parts.gate_up);
    swiglu(parts.gate_up, parts.activated);
    linear(parts.activated, c.weights.down, product);
    residual_add(c.h, product, out);
    EXPECT_TRUE(at::equal(c.out, out));
    EXPECT_TRUE(at::equal(c.branch, product));
    at::Tensor none;
    c.out.fill_(NAN);
    mlp(c.weights, kNorm, c.h, c.state, none, c.out);
    EXPECT_TRUE(at::equal(c.out, out)) << "without a branch to write";

    at::Tensor dh = c.dout.clone(), wanted_dh = c.dout.clone();
    MlpWeights gradients = c.gradients_copy(), wanted = c.gradients_copy();
    mlp_backward(c.weights, kNorm, c.h, c.state, c.scratch, dh, gradients);
    at::Tensor d_branch = at::empty_like(c.branch), d_activated = at::empty_like(parts.activated),
               d_normed = at::empty_like(parts.normed);
    cast(wanted_dh, d_branch);
    linear_input_grad(d_branch, c.weights.down, d_activated);
    linear_weight_grad(d_branch, parts.activated, wanted.down);
    swiglu_backward(d_activated, parts.gate_up);
    linear_input_grad(parts.gate_up, c.weights.gate_up, d_normed);
    linear_weight_grad(parts.gate_up, parts.normed, wanted.gate_up);
    rms_norm_backward(d_normed, c.h, c.weights.norm, parts.inv_rms, kNorm.scale, wanted_dh, wanted.norm);
    EXPECT_TRUE(at::equal(dh, wanted_dh));
    EXPECT_TRUE(at::equal(gradients.norm, wanted.norm));
    EXPECT_TRUE(at::equal(gradients.gate_up, wanted.gate_up));
    EXPECT_TRUE(at::equal(gradients.down, wanted.down));
  }
}

TEST_P(Mlp, ForwardAndBackwardAreTheTwins) {
  // In bfloat16 three intermediate results are rounded on the way.
  const Tolerance tolerance = type() == at::kFloat ? Tolerance{1e-5, 3e-6} : Tolerance{0x1p-6, 0x1p-6};
  for (const Sizes& s : kSizes) {
    SCOPED_TRACE(testing::Message() << s.n << " rows, " << s.d << " and " << s.f);
    Case c(s, type());
    at::Tensor none, dh = c.dout.clone();
    MlpWeights gradients = c.gradients_copy();
    mlp(c.weights, kNorm, c.h, c.state, none, c.out);
    mlp_backward(c.weights, kNorm, c.h, c.state, c.scratch, dh, gradients);

    const at::Tensor h = leaf(c.h), norm = leaf(c.weights.norm), gate_up = leaf(c.weights.gate_up),
                     down = leaf(c.weights.down);
    const at::Tensor normed = twins::rms_norm(h, norm, kNorm.eps, kNorm.scale);
    const at::Tensor out = h + at::matmul(twins::swiglu(at::matmul(normed, gate_up.t())), down.t());
    out.backward(c.dout.to(at::kDouble));
    EXPECT_TRUE(close(c.out, out, tolerance));
    EXPECT_TRUE(close(dh, h.grad(), tolerance));
    EXPECT_TRUE(close(gradients.norm - c.gradients.norm, norm.grad(), tolerance));
    EXPECT_TRUE(close(gradients.gate_up - c.gradients.gate_up, gate_up.grad(), tolerance));
    EXPECT_TRUE(close(gradients.down - c.gradients.down, down.grad(), tolerance));
  }
}

TEST_P(Mlp, GivesTheSameBitsTwice) {
  const Case c({161, 36, 50}, type());
  expect_same_bits_twice([&] {
    Case again = c;
    at::Tensor none, dh = c.dout.clone();
    MlpWeights gradients = c.gradients_copy();
    mlp(again.weights, kNorm, again.h, again.state, none, again.out);
    const at::Tensor out = again.out.clone();
    mlp_backward(again.weights, kNorm, again.h, again.state, again.scratch, dh, gradients);
    return std::vector{out, dh, gradients.norm, gradients.gate_up, gradients.down};
  });
}

INSTANTIATE_OP_TEST(Mlp);

}  // namespace
}  // namespace cambium::ops
