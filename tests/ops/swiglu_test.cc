#include "cambium/ops/swiglu.h"

#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

class Swiglu : public OpTest {
 protected:
  /// With results in bfloat16 the sigmoid itself is good to 14 bits.
  static Tolerance tolerance() {
    Tolerance allowed = rounding(type());
    allowed.relative += type() == at::kFloat ? 0 : 0x1p-11;
    return allowed;
  }
};

TEST_P(Swiglu, ForwardAndBackwardAreTheTwins) {
  for (const int64_t n : {1, 7, 65, 513}) {
    for (const int64_t f : {12, 131}) {
      SCOPED_TRACE(testing::Message() << n << " rows of " << f);
      const at::Tensor gate_up = random({n, 2 * f}) * 4, dy = random({n, f});
      at::Tensor y = unwritten({n, f}), gradient = gate_up.clone();
      swiglu(gate_up, y);
      swiglu_backward(dy, gradient);

      const at::Tensor exact = leaf(gate_up);
      const at::Tensor wanted = twins::swiglu(exact);
      wanted.backward(dy.to(at::kDouble));
      EXPECT_TRUE(close(y, wanted, tolerance()));
      EXPECT_TRUE(close(gradient, exact.grad(), tolerance()));
    }
  }
}

TEST_P(Swiglu, StaysFiniteForGatesOfAnySize) {
  const at::Tensor gates = at::tensor({-1e4F, -200.0F, -88.5F, -20.0F, 0.0F, 20.0F, 88.5F, 200.0F, 1e4F}).view({1, -1});
  const at::Tensor gate_up = at::cat({gates, at::ones_like(gates)}, 1).to(type());
  const at::Tensor dy = at::ones({1, gates.size(1)}, type());
  at::Tensor y = unwritten(dy.sizes()), gradient = gate_up.clone();
  swiglu(gate_up, y);
  swiglu_backward(dy, gradient);
  const at::Tensor exact = leaf(gate_up);
  const at::Tensor wanted = twins::swiglu(exact);
  wanted.backward(dy.to(at::kDouble));
  EXPECT_TRUE(close(y, wanted, tolerance()));
  EXPECT_TRUE(close(gradient, exact.grad(), tolerance()));
}

TEST_P(Swiglu, GivesTheSameBitsTwice) {
  const at::Tensor gate_up = random({513, 24}), dy = random({513, 12});
  expect_same_bits_twice([&] {
    at::Tensor y = unwritten({513, 12}), gradient = gate_up.clone();
    swiglu(gate_up, y);
    swiglu_backward(dy, gradient);
    return std::vector{y, gradient};
  });
}

INSTANTIATE_OP_TEST(Swiglu);

}  // namespace
}  // namespace cambium::ops
