#include <cmath>

#include "cambium/ops/attention_input.h"
#include "cambium/ops/attention_output.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/residual.h"
#include "cambium/ops/rms_norm.h"
#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

struct Sizes {
  int64_t batch, seq, d, heads, key_heads, head_dim;
  int64_t columns() const { return (heads + 2 * key_heads) * head_dim; }
};
constexpr Sizes kSizes[] = {{1, 1, 12, 2, 1, 6}, {2, 7, 12, 2, 1, 6}, {2, 65, 36, 6, 2, 10}, {1, 513, 60, 3, 3, 20}};

RopeTable table(int64_t positions, int64_t half) {
  const at::Tensor angles = at::rand({positions, half}) * 6.0;
  return {angles.cos(), angles.sin()};
}

/// Everything that the two halves around attention need.
struct Case {
  Case(const Sizes& s, at::ScalarType of_type)
      : sizes(s),
        type(of_type),
        rope(table(s.seq + 3, s.head_dim / 2)),
        input{.norm = at::rand({s.d}) + 0.5,
              .w = (at::randn({s.columns(), s.d}) * 0.3).to(of_type),
              .eps = 1e-5,
              .scale = 0.5,
              .rope = rope,
              .rotated_heads = s.heads + s.key_heads,
              .head_dim = s.head_dim,
              .seq = s.seq,
              .first_position = 3},
        h(at::randn({s.batch * s.seq, s.d})) {}
  at::Tensor compute(int64_t columns) const { return at::empty({h.size(0), columns}, type); }
  Sizes sizes;
  at::ScalarType type;
  RopeTable rope;
  AttentionInput input;
  at::Tensor h;
};

class AttentionHalves : public OpTest {
 protected:
  static Tolerance tolerance() { return type() == at::kFloat ? Tolerance{1e-5, 3e-6} : Tolerance{0x1p-6, 0x1p-6}; }
};

TEST_P(AttentionHalves, InputIsItsPartsBitForBitAndTheTwin) {
  for (const Sizes& s : kSizes) {
    SCOPED_TRACE(testing::Message() << s.batch << " x " << s.seq << ", hidden " << s.d);
    const Case c(s, type());
    at::Tensor normed = c.compute(s.d), inv_rms = at::empty({c.h.size(0)}), qkv = c.compute(s.columns());
    attention_input(c.input, c.h, normed, inv_rms, qkv);
    at::Tensor normed_part = at::empty_like(normed), inv_rms_part = at::empty_like(inv_rms), part = at::empty_like(qkv);
    rms_norm(c.h, c.input.norm, c.input.eps, c.input.scale, normed_part, inv_rms_part);
    linear(normed_part, c.input.w, part);
    rope(part, c.rope, c.input.rotated_heads, s.head_dim, s.seq, c.input.first_position);
    EXPECT_TRUE(at::equal(qkv, part));
    EXPECT_TRUE(at::equal(normed, normed_part));
    EXPECT_TRUE(at::equal(inv_rms, inv_rms_part));

    const at::Tensor d_out = random(qkv.sizes()), dh_before = at::randn(c.h.sizes());
    const at::Tensor d_norm_before = at::randn({s.d}), d_w_before = at::randn(c.input.w.sizes());
    at::Tensor d_qkv = d_out.clone(), d_normed = c.compute(s.d), dh = dh_before.clone(), d_norm = d_norm_before.clone(),
               d_w = d_w_before.clone();
    attention_input_backward(c.input, c.h, normed, inv_rms, d_qkv, d_normed, dh, d_norm, d_w);
    at::Tensor d_part = d_out.clone(), dh_part = dh_before.clone(), d_norm_part = d_norm_before.clone(),
               d_w_part = d_w_before.clone();
    rope_backward(d_part, c.rope, c.input.rotated_heads, s.head_dim, s.seq, c.input.first_position);
    linear_input_grad(d_part, c.input.w, d_normed);
    rms_norm_backward(d_normed, c.h, c.input.norm, inv_rms, c.input.scale, dh_part, d_norm_part);
    linear_weight_grad(d_part, normed, d_w_part);
    EXPECT_TRUE(at::equal(dh, dh_part));
    EXPECT_TRUE(at::equal(d_norm, d_norm_part));
    EXPECT_TRUE(at::equal(d_w, d_w_part));

    const at::Tensor h = leaf(c.h), norm = leaf(c.input.norm), w = leaf(c.input.w);
    const at::Tensor wanted = twins::rope(at::matmul(twins::rms_norm(h, norm, c.input.eps, c.input.scale), w.t()),
                                          c.rope, c.input.rotated_heads, s.head_dim, s.seq, c.input.first_position);
    wanted.backward(d_out.to(at::kDouble));
    EXPECT_TRUE(close(qkv, wanted, tolerance()));
    EXPECT_TRUE(close(dh - dh_before, h.grad(), tolerance()));
    EXPECT_TRUE(close(d_norm - d_norm_before, norm.grad(), tolerance()));
    EXPECT_TRUE(close(d_w - d_w_before, w.grad(), tolerance()));
  }
}

TEST_P(AttentionHalves, OutputIsItsPartsBitForBitAndTheTwin) {
  for (const Sizes& s : kSizes) {
    SCOPED_TRACE(testing::Message() << s.batch << " x " << s.seq << ", hidden " << s.d);
    const Case c(s, type());
    const int64_t queries = s.heads * s.head_dim;
    const at::Tensor attended = random({c.h.size(0), queries}), w = (at::randn({s.d, queries}) * 0.3).to(type());
    at::Tensor branch = c.compute(s.d), none, out = at::full(c.h.sizes(), NAN), out_only = at::full(c.h.sizes(), NAN);
    attention_output(attended, w, c.h, branch, out);
    attention_output(attended, w, c.h, none, out_only);
    at::Tensor product = c.compute(s.d), sum = at::empty_like(out);
    linear(attended, w, product);
    residual_add(c.h, product, sum);
    EXPECT_TRUE(at::equal(out, sum));
    EXPECT_TRUE(at::equal(out_only, sum));
    EXPECT_TRUE(at::equal(branch, product));

    const at::Tensor dh = at::randn(c.h.sizes()), before = at::randn(w.sizes());
    at::Tensor d_branch = c.compute(s.d), d_attended = c.compute(queries), d_w = before.clone();
    attention_output_backward(dh, attended, w, d_branch, d_attended, d_w);
    const at::Tensor x = leaf(attended), weight = leaf(w);
    const at::Tensor wanted = c.h.to(at::kDouble) + at::matmul(x, weight.t());
    wanted.backward(dh.to(at::kDouble));
    EXPECT_TRUE(close(out, wanted, tolerance()));
    EXPECT_TRUE(close(d_attended, x.grad(), tolerance()));
    EXPECT_TRUE(close(d_w - before, weight.grad(), tolerance()));
  }
}

INSTANTIATE_OP_TEST(AttentionHalves);

}  // namespace
}  // namespace cambium::ops
