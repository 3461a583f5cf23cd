#include "cambium/ops/attention.h"
#include "cambium/ops/attention_input.h"
#include "cambium/ops/attention_output.h"
#include "cambium/ops/cuda.h"
#include "cambium/ops/embedding.h"
#include "cambium/ops/head_loss.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/mlp.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/ops/sum_squares.h"
#include "tests/ops/op_test.h"

// Every op on a GPU against the same op on the CPU, which tests/ops compares with the twins.

namespace cambium::ops {
namespace {

constexpr int64_t kTokens[] = {1, 7, 64, 513};

class OpsOnDevice : public OpTest {
 protected:
  void SetUp() override {
    if (cuda().backend == nullptr) {
      GTEST_SKIP() << "no GPU to test on: " << cuda().why_not;
    }
  }
  /// Rounding of sums in another order, or to bfloat16 at other places.
  static Tolerance tolerance() { return type() == at::kFloat ? Tolerance{2e-5, 2e-5} : Tolerance{0x1p-6, 0x1p-6}; }
  static at::Tensor there(const at::Tensor& here) { return here.to(at::kCUDA); }
  static testing::AssertionResult same(const at::Tensor& device, const at::Tensor& host) {
    return close(device.cpu(), host, tolerance());
  }
};

TEST_P(OpsOnDevice, ProductsAreTheCpus) {
  for (const int64_t n : kTokens) {
    for (const auto& [in, out] : {std::pair<int64_t, int64_t>{64, 96}, {52, 34}, {256, 768}}) {
      SCOPED_TRACE(testing::Message() << n << " x " << in << " x " << out);
      const at::Tensor x = random({n, in}), w = random({out, in}), dy = random({n, out}), h = random_float({n, out});
      at::Tensor y = unwritten({n, out}), dx = unwritten({n, in}), dw = random_float({out, in}),
                 sum = at::empty_like(h);
      at::Tensor y2 = there(y), dx2 = there(dx), dw2 = there(dw), sum2 = there(sum), none;
      linear(x, w, y);
      linear(there(x), there(w), y2);
      EXPECT_TRUE(same(y2, y));
      linear_input_grad(dy, w, dx);
      linear_input_grad(there(dy), there(w), dx2);
      EXPECT_TRUE(same(dx2, dx));
      linear_weight_grad(dy, x, dw);
      linear_weight_grad(there(dy), there(x), dw2);
      EXPECT_TRUE(same(dw2, dw));
      linear_add(x, w, h, none, sum);
      linear_add(there(x), there(w), there(h), none, sum2);
      EXPECT_TRUE(same(sum2, sum));
    }
  }
}

TEST_P(OpsOnDevice, AttentionIsTheCpus) {
  const struct { int64_t heads, key_heads, head_dim; } shapes[] = {{4, 4, 64}, {15, 5, 64}, {4, 2, 12}, {2, 1, 128}};
  for (const int64_t seq : kTokens) {
    for (const auto& s : shapes) {
      SCOPED_TRACE(testing::Message() << seq << " tokens, heads " << s.heads << "/" << s.key_heads << " of "
                                      << s.head_dim);
      const auto parts = [&](const at::Tensor& packed) {
        return std::array{packed.narrow(2, 0, s.heads), packed.narrow(2, s.heads, s.key_heads),
                          packed.narrow(2, s.heads + s.key_heads, s.key_heads)};
      };
      const at::Tensor packed = random({2, seq, s.heads + 2 * s.key_heads, s.head_dim}), packed2 = there(packed);
      const at::Tensor dout = random({2, seq, s.heads, s.head_dim});
      const auto [q, k, v] = parts(packed);
      const auto [q2, k2, v2] = parts(packed2);
      at::Tensor out = unwritten({2, seq, s.heads, s.head_dim}), lse = at::empty({2, s.heads, seq});
      at::Tensor out2 = there(out), lse2 = there(lse);
      attention(q, k, v, out, lse);
      attention(q2, k2, v2, out2, lse2);
      EXPECT_TRUE(same(out2, out));
      EXPECT_TRUE(same(lse2, lse));
      const at::Tensor grads = unwritten(packed.sizes()), grads2 = there(grads);
      auto [dq, dk, dv] = parts(grads);
      auto [dq2, dk2, dv2] = parts(grads2);
      attention_backward(dout, q, k, v, out, lse, dq, dk, dv);
      attention_backward(there(dout), q2, k2, v2, out2, lse2, dq2, dk2, dv2);
      EXPECT_TRUE(close(grads2.cpu(), grads, {tolerance().relative, 2 * tolerance().absolute, 1e-5}));
    }
  }
}

TEST_P(OpsOnDevice, AttentionOfNewTokensOverACacheIsTheCpus) {
  const at::Tensor q = random({2, 3, 4, 32}), k = random({2, 20, 2, 32}), v = random({2, 20, 2, 32});
  at::Tensor out = unwritten(q.sizes()), lse = at::empty({2, 4, 3}), out2 = there(out), lse2 = there(lse);
  attention(q, k, v, out, lse);
  attention(there(q), there(k), there(v), out2, lse2);
  EXPECT_TRUE(same(out2, out));
  EXPECT_TRUE(same(lse2, lse));
}

TEST_P(OpsOnDevice, TheMlpHalfIsTheCpus) {
  constexpr MlpNorm kNorm{.eps = 1e-5, .scale = 0.5};
  for (const int64_t n : kTokens) {
    for (const auto& [d, f] : {std::pair<int64_t, int64_t>{64, 192}, {52, 100}}) {
      SCOPED_TRACE(testing::Message() << n << " x " << d << " x " << f);
      const at::Tensor h = random_float({n, d}), dout = random_float({n, d});
      MlpWeights weights{at::rand({d}) + 0.5, random({2 * f, d}) * 0.2, random({d, f}) * 0.2};
      MlpWeights grads{at::zeros({d}), at::zeros({2 * f, d}), at::zeros({d, f})};
      const auto run = [&](const auto& move, MlpWeights w, MlpWeights& g) {
        MlpState state{move(unwritten({n, d})), move(at::empty({n})), move(unwritten({n, 2 * f})),
                       move(unwritten({n, f}))};
        MlpScratch scratch{move(unwritten({n, d})), move(unwritten({n, d})), move(unwritten({n, f}))};
        at::Tensor none, out = move(at::empty({n, d})), dh = move(dout.clone());
        const at::Tensor in = move(h);
        mlp(w, kNorm, in, state, none, out);
        mlp_backward(w, kNorm, in, state, scratch, dh, g);
        return std::pair{out, dh};
      };
      MlpWeights weights2{there(weights.norm), there(weights.gate_up), there(weights.down)};
      MlpWeights grads2{there(grads.norm), there(grads.gate_up), there(grads.down)};
      const auto [out, dh] = run([](const at::Tensor& x) { return x; }, weights, grads);
      const auto [out2, dh2] = run([](const at::Tensor& x) { return there(x); }, weights2, grads2);
      EXPECT_TRUE(same(out2, out));
      EXPECT_TRUE(same(dh2, dh));
      EXPECT_TRUE(same(grads2.norm, grads.norm));
      EXPECT_TRUE(same(grads2.gate_up, grads.gate_up));
      EXPECT_TRUE(same(grads2.down, grads.down));
    }
  }
}

TEST_P(OpsOnDevice, HeadLossIsTheCpus) {
  for (const int64_t n : kTokens) {
    SCOPED_TRACE(n);
    constexpr int64_t kHidden = 64, kVocab = 1003;
    const at::Tensor x = random({n, kHidden}), w = random({kVocab, kHidden}) * 0.2;
    at::Tensor targets = random_ids(n, kVocab);
    targets[n / 2] = -1;
    const auto run = [&](const auto& move) {
      at::Tensor logits = move(unwritten({96, kVocab})), loss = move(at::empty({n}));
      HeadGradient gradient{.loss = {.scale = 1.0 / static_cast<double>(n), .z_loss = 1e-3},
                            .dx = move(unwritten({n, kHidden})),
                            .dw = move(at::zeros({kVocab, kHidden}))};
      head_loss(move(x), move(w), move(targets), logits, loss, &gradient);
      return std::array{loss, gradient.dx, gradient.dw};
    };
    const auto host = run([](const at::Tensor& t) { return t; });
    const auto device = run([](const at::Tensor& t) { return there(t); });
    for (size_t i = 0; i < host.size(); ++i) {
      EXPECT_TRUE(same(device[i], host[i])) << i;
    }
  }
}

TEST_P(OpsOnDevice, EmbeddingAndItsGradientAreTheCpus) {
  for (const int64_t n : kTokens) {
    SCOPED_TRACE(n);
    const at::Tensor table = random_float({50, 36}), ids = random_ids(n, 50), dh = random_float({n, 36});
    at::Tensor h = at::empty({n, 36}), dtable = random_float({50, 36}), h2 = there(h), dtable2 = there(dtable);
    embedding(table, ids, h);
    embedding(there(table), there(ids), h2);
    EXPECT_TRUE(at::equal(h2.cpu(), h));
    embedding_backward(dh, ids, dtable);
    embedding_backward(there(dh), there(ids), dtable2);
    EXPECT_TRUE(same(dtable2, dtable));
  }
}

TEST_P(OpsOnDevice, SumOfSquaresIsTheCpus) {
  const at::Tensor x = random_float({1'000'003});
  at::Tensor sum = at::zeros({}, at::kDouble), sum2 = there(sum);
  sum_squares(x, sum);
  sum_squares(there(x), sum2);
  EXPECT_NEAR(sum2.item<double>(), sum.item<double>(), 1e-10 * sum.item<double>());
}

INSTANTIATE_OP_TEST(OpsOnDevice);

}  // namespace
}  // namespace cambium::ops
