#include "cambium/ops/residual.h"

#include "tests/ops/op_test.h"

namespace cambium::ops {
namespace {

class Residual : public OpTest {};

TEST_P(Residual, IsTheSum) {
  for (const int64_t n : {1, 7, 65, 513}) {
    const at::Tensor h = random_float({n, 60}), branch = random({n, 60});
    const at::Tensor wanted = h + branch.to(at::kFloat);
    at::Tensor out = unwritten({n, 60}, at::kFloat), in_place = h.clone();
    residual_add(h, branch, out);
    residual_add(in_place, branch, in_place);
    EXPECT_TRUE(at::equal(out, wanted)) << n;
    EXPECT_TRUE(at::equal(in_place, wanted)) << n;
  }
}

TEST_P(Residual, CastsAsATenDoes) {
  const at::Tensor x = random_float({513, 67});
  at::Tensor out = unwritten({513, 67});
  cast(x, out);
  EXPECT_TRUE(at::equal(out, x.to(type())));
}

INSTANTIATE_OP_TEST(Residual);

}  // namespace
}  // namespace cambium::ops
