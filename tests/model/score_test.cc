#include "cambium/model/score.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/model/golden.h"
#include "tests/model/small_model.h"

namespace cambium::model {
namespace {

std::vector<int32_t> sequence(int64_t length, int32_t start) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < length; ++i) {
    ids.push_back(static_cast<int32_t>((start + i * i) % 101));
  }
  return ids;
}

/// Lengths out of order, with empty ones, single ids, equal lengths, and one longer than a batch.
std::vector<std::vector<int32_t>> mixed_sequences() {
  std::vector<std::vector<int32_t>> sequences;
  int32_t start = 0;
  for (const int64_t length : {7, 1, 65, 0, 12, 12, 2, 70, 1, 33, 3}) {
    sequences.push_back(sequence(length, start += 13));
  }
  return sequences;
}

TEST(ScoreSequences, GivesInBatchesWhatEachGivesAlone) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    Llama model = small_model(small_config(3), precision);
    Forward forward(model);
    const std::vector<std::vector<int32_t>> sequences = mixed_sequences();
    for (const int64_t batch_tokens : {1, 64, 100, 10'000}) {
      std::vector<int64_t> progress;
      const std::vector<LogProbs> results =
          score_sequences(model, forward, sequences, batch_tokens, [&](int64_t done) { progress.push_back(done); });
      ASSERT_EQ(results.size(), sequences.size());
      for (size_t i = 0; i < sequences.size(); ++i) {
        ASSERT_EQ(results[i].size(), sequences[i].empty() ? 0 : sequences[i].size() - 1) << "sequence " << i;
        if (sequences[i].size() < 2) {
          continue;
        }
        const at::Tensor alone = token_log_probs(model, forward, as_batch(sequences[i])).view({-1});
        const double tolerance = precision == Precision::kFloat32 ? 1e-5 : 0.05;
        EXPECT_LT(largest_difference(at::tensor(results[i]), alone), tolerance)
            << "sequence " << i << ", batches of " << batch_tokens;
      }
      EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
      EXPECT_EQ(progress.back(), static_cast<int64_t>(sequences.size()));
    }
  }
}

TEST(ScoreSequences, TakesNothing) {
  Llama model = small_model(small_config(1));
  Forward forward(model);
  EXPECT_TRUE(score_sequences(model, forward, {}, 100, [](int64_t) {}).empty());
}

TEST(TokenLogProbs, AreThoseOfTheLogits) {
  Llama model = small_model(small_config(3));
  Forward forward(model);
  const at::Tensor ids = some_ids(2, 65);
  const at::Tensor all = logits_of(model, ids).to(at::kDouble).log_softmax(1).view({2, 65, -1}).narrow(1, 0, 64);
  const at::Tensor wanted = all.gather(2, ids.narrow(1, 1, 64).to(at::kLong).unsqueeze(2)).squeeze(2);
  EXPECT_LT(largest_difference(token_log_probs(model, forward, ids).to(at::kDouble), wanted), 1e-5);
}

}  // namespace
}  // namespace cambium::model
