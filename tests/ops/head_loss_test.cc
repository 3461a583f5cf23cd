#include "cambium/ops/head_loss.h"

#include <cmath>

#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

constexpr int64_t kVocab = 101, kHidden = 60;

/// A head, its inputs and targets, every fifth of which is none.
struct Head {
  explicit Head(int64_t n, at::ScalarType type)
      : x(at::randn({n, kHidden}).to(type)),
        w((at::randn({kVocab, kHidden}) * 0.2).to(type)),
        targets(at::randint(kVocab, {n}, at::kInt)) {
    for (int64_t row = 3; row < n; row += 5) {
      targets[row] = -1;
    }
  }
  at::Tensor x, w, targets;
};

struct Result {
  at::Tensor row_loss, dx, dw;
};

Result run(const Head& head, int64_t chunk_rows, double scale, double z_loss, const at::Tensor& dw_before) {
  const at::ScalarType type = head.x.scalar_type();
  const int64_t n = head.x.size(0);
  at::Tensor logits = at::empty({chunk_rows, kVocab}, type);
  Result result{
      .row_loss = at::full({n}, NAN, at::kFloat), .dx = at::full({n, kHidden}, NAN, type), .dw = dw_before.clone()};
  HeadGradient gradient{.loss = {.scale = scale, .z_loss = z_loss}, .dx = result.dx, .dw = result.dw};
  head_loss(head.x, head.w, head.targets, logits, result.row_loss, &gradient);
  return result;
}

class HeadLoss : public OpTest {
 protected:
  /// In bfloat16 logits and their gradients are rounded on the way, and every chunk's share of dw.
  static Tolerance loss_tolerance() { return type() == at::kFloat ? Tolerance{5e-6, 1e-6} : Tolerance{0, 0x1p-7}; }
  static Tolerance gradient_tolerance() {
    return type() == at::kFloat ? Tolerance{1e-5, 3e-6} : Tolerance{0x1p-7, 0x1p-6};
  }
};

TEST_P(HeadLoss, LossAndGradientsAreTheTwins) {
  for (const int64_t n : {1, 7, 65, 513}) {
    for (const double z_loss : {0.0, 1e-2}) {
      SCOPED_TRACE(testing::Message() << n << " rows, z_loss " << z_loss);
      const Head head(n, type());
      const double scale = 1.0 / static_cast<double>(n);
      const at::Tensor dw_before = random_float({kVocab, kHidden}) * 0.01;
      const Result found = run(head, 64, scale, z_loss, dw_before);

      const at::Tensor x = leaf(head.x), w = leaf(head.w);
      const twins::HeadLoss wanted = twins::head_loss(x, w, head.targets, scale, z_loss);
      wanted.objective.backward();
      EXPECT_TRUE(close(found.row_loss, wanted.row_loss, loss_tolerance()));
      EXPECT_TRUE(close(found.dx, x.grad(), gradient_tolerance()));
      EXPECT_TRUE(close(found.dw - dw_before, w.grad(), gradient_tolerance()));
    }
  }
}

TEST_P(HeadLoss, DoesNotDependOnTheChunks) {
  const Head head(65, type());
  const at::Tensor zeros = at::zeros({kVocab, kHidden});
  const Result whole = run(head, 65, 0.1, 1e-2, zeros);
  for (const int64_t chunk_rows : {1, 16, 64, 100}) {
    SCOPED_TRACE(chunk_rows);
    const Result found = run(head, chunk_rows, 0.1, 1e-2, zeros);
    EXPECT_TRUE(close(found.row_loss, whole.row_loss, loss_tolerance()));
    EXPECT_TRUE(close(found.dx, whole.dx, gradient_tolerance()));
    EXPECT_TRUE(close(found.dw, whole.dw, gradient_tolerance()));
  }
}

TEST_P(HeadLoss, AloneIsTheSameAsWithTheGradient) {
  const Head head(65, type());
  at::Tensor logits = unwritten({16, kVocab}), row_loss = unwritten({65}, at::kFloat);
  head_loss(head.x, head.w, head.targets, logits, row_loss, nullptr);
  EXPECT_TRUE(at::equal(row_loss, run(head, 16, 0.1, 0, at::zeros({kVocab, kHidden})).row_loss));
}

TEST_P(HeadLoss, WithoutTargetsIsZero) {
  Head head(7, type());
  head.targets.fill_(-1);
  const at::Tensor before = random_float({kVocab, kHidden});
  const Result found = run(head, 4, 0.1, 1e-2, before);
  EXPECT_TRUE(at::equal(found.row_loss, at::zeros({7})));
  EXPECT_TRUE(at::equal(found.dx, at::zeros({7, kHidden}, type())));
  EXPECT_TRUE(at::equal(found.dw, before));
}

TEST_P(HeadLoss, GivesTheSameBitsTwice) {
  const Head head(129, type());
  expect_same_bits_twice([&] {
    const Result result = run(head, 50, 0.1, 1e-2, at::zeros({kVocab, kHidden}));
    return std::vector{result.row_loss, result.dx, result.dw};
  });
}

INSTANTIATE_OP_TEST(HeadLoss);

}  // namespace
}  // namespace cambium::ops
