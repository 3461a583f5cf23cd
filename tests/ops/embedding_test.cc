#include "cambium/ops/embedding.h"

#include "tests/ops/op_test.h"
#include "tests/ops/twins.h"

namespace cambium::ops {
namespace {

/// Float32 in every precision.
class Embedding : public OpTest {};

TEST_P(Embedding, ForwardAndBackwardAreTheTwins) {
  constexpr int64_t kVocab = 101;
  for (const int64_t n : {1, 7, 65, 513}) {
    for (const int64_t d : {12, 60, 131}) {
      SCOPED_TRACE(testing::Message() << n << " rows of " << d);
      const at::Tensor table = random_float({kVocab, d}), ids = random_ids(n, kVocab), dh = random_float({n, d});
      const at::Tensor before = random_float({kVocab, d});
      at::Tensor h = unwritten({n, d}, at::kFloat), dtable = before.clone();
      embedding(table, ids, h);
      embedding_backward(dh, ids, dtable);

      const at::Tensor exact = leaf(table);
      const at::Tensor wanted = twins::embedding(exact, ids);
      wanted.backward(dh.to(at::kDouble));
      EXPECT_TRUE(at::equal(h, wanted.detach().to(at::kFloat)));
      EXPECT_TRUE(close(dtable, before + exact.grad(), rounding(at::kFloat)));
    }
  }
}

TEST_P(Embedding, GradientHasTheSameBitsForAnyNumberOfThreads) {
  const at::Tensor ids = random_ids(513, 5), dh = random_float({513, 131});
  std::vector<at::Tensor> results;
  for (const int threads : {1, 2}) {
    at::set_num_threads(threads);
    results.push_back(at::zeros({5, 131}));
    embedding_backward(dh, ids, results.back());
  }
  EXPECT_TRUE(at::equal(results[0], results[1]));
}

INSTANTIATE_TEST_SUITE_P(In, Embedding, testing::Values(at::kFloat), [](const auto&) { return "float32"; });

}  // namespace
}  // namespace cambium::ops
