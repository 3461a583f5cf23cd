#include "cambium/model/generate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cambium/base/error.h"
#include "tests/model/golden.h"
#include "tests/model/small_model.h"

namespace cambium::model {
namespace {

class Generate : public testing::Test {
 protected:
  Generate() : model_(small_model(small_config(3))), forward_(model_) {}
  std::vector<int32_t> run(const GenerateOptions& options) {
    return generate(model_, forward_, prompt_, options, [this](int32_t id) { heard_.push_back(id); });
  }
  /// Logits after all of `ids`, by a pass over them from the start.
  at::Tensor next_logits(const std::vector<int32_t>& ids) { return logits_of(model_, as_batch(ids))[-1]; }

  Llama model_;
  Forward forward_;
  std::vector<int32_t> prompt_{5, 17, 99, 17};
  std::vector<int32_t> heard_;
};

TEST_F(Generate, GreedilyTakesTheBestTokenOfFullPasses) {
  const std::vector<int32_t> made = run({.max_tokens = 70, .temperature = 0});  // past a block of attention rows
  EXPECT_EQ(made, heard_);
  std::vector<int32_t> ids = prompt_;
  for (const int32_t id : made) {
    const at::Tensor logits = next_logits(ids);
    // Sums in another order may decide near ties the other way.
    ASSERT_GT(logits[id].item<float>(), logits.max().item<float>() - 1e-4) << "after " << ids.size() << " tokens";
    ids.push_back(id);
  }
  EXPECT_EQ(made.size(), 70);
}

TEST_F(Generate, GoesPastThePositionsOfTheConfiguration) {
  model_.config.max_position_embeddings = 8;
  Llama model(model_.config, model_.weights, Precision::kFloat32);
  Forward forward(model);
  const auto ignore = [](int32_t) {};
  const GenerateOptions options{.max_tokens = 30, .temperature = 0};
  EXPECT_EQ(generate(model, forward, prompt_, options, ignore), run(options));
}

TEST_F(Generate, EndsAtTheStopTokenAndAtTheMaximum) {
  const std::vector<int32_t> made = run({.max_tokens = 12, .temperature = 0});
  ASSERT_EQ(made.size(), 12);
  const auto first = std::find(made.begin(), made.end(), made[5]);
  heard_.clear();
  EXPECT_EQ(run({.max_tokens = 12, .temperature = 0, .stop = made[5]}), std::vector<int32_t>(made.begin(), first));
  EXPECT_EQ(heard_, std::vector<int32_t>(made.begin(), first));
  EXPECT_TRUE(run({.max_tokens = 0}).empty());
}

TEST_F(Generate, RefusesAnEmptyPrompt) {
  prompt_.clear();
  EXPECT_THROW(run({}), InvalidArgument);
}

TEST_F(Generate, DependsOnTheSeedAlone) {
  const std::vector<int32_t> once = run({.max_tokens = 20, .seed = 4});
  EXPECT_EQ(run({.max_tokens = 20, .seed = 4}), once);
  EXPECT_NE(run({.max_tokens = 20, .seed = 5}), once);
}

TEST_F(Generate, WithATinyTopPIsGreedy) {
  EXPECT_EQ(run({.max_tokens = 20, .temperature = 1.5, .top_p = 1e-9}), run({.max_tokens = 20, .temperature = 0}));
}

TEST_F(Generate, DrawsFromTheSoftmaxAndItsTopPSet) {
  constexpr int kDraws = 1000;
  const double temperature = 0.7, top_p = 0.6;
  const at::Tensor probabilities = (next_logits(prompt_) / temperature).softmax(0).to(at::kDouble);
  for (const double p : {1.0, top_p}) {
    // The smallest set of likeliest tokens with at least this probability, made to sum to one.
    const auto [sorted, order] = probabilities.sort(0, true);
    const int64_t kept = 1 + (sorted.cumsum(0) < p).sum().item<int64_t>();
    at::Tensor wanted = at::zeros_like(probabilities);
    const at::Tensor members = order.narrow(0, 0, std::min<int64_t>(kept, order.numel()));
    wanted.index_copy_(0, members, probabilities.index_select(0, members));
    wanted /= wanted.sum();

    at::Tensor found = at::zeros_like(wanted);
    for (uint64_t seed = 1; seed <= kDraws; ++seed) {
      const std::vector<int32_t> made = run({.max_tokens = 1, .temperature = temperature, .top_p = p, .seed = seed});
      found[made.at(0)] += 1.0 / kDraws;
    }
    EXPECT_EQ(found.masked_select(wanted.eq(0)).sum().item<double>(), 0.0) << "top_p " << p;
    // Pearson's statistic: its mean is one less than the number of members, so this is four deviations or more away.
    const at::Tensor terms = (found - wanted).pow(2).index_select(0, members) / wanted.index_select(0, members);
    EXPECT_LT(kDraws * terms.sum().item<double>(), 2.5 * static_cast<double>(members.numel())) << "top_p " << p;
  }
}

TEST(KvCache, GivesWhatFullPassesGive) {
  Llama model = small_model(small_config(3));
  Forward forward(model);
  const std::vector<int> order{2, 0, 2};  // a cache belongs to places, not to layers
  const at::Tensor ids = some_ids(2, 80), whole = logits_of(model, ids, order).view({2, 80, -1});
  KvCache cache = forward.make_cache(2, 80, 3);
  int64_t begin = 0;
  for (const int64_t count : {1, 7, 65, 1, 6}) {
    const at::Tensor some = ids.narrow(1, begin, count).contiguous();
    const at::Tensor logits = forward.logits(forward.hidden(some, Forward::Options{.order = order, .cache = &cache}));
    EXPECT_LT(largest_difference(logits.view({2, count, -1}), whole.narrow(1, begin, count)), 1e-4) << begin;
    begin += count;
    EXPECT_EQ(cache.length, begin);
  }
}

}  // namespace
}  // namespace cambium::model
