#include <gtest/gtest.h>

#include "cambium/analysis/analyze.h"
#include "cambium/analysis/depth_score.h"
#include "cambium/analysis/orders.h"
#include "cambium/analysis/skip.h"
#include "cambium/analysis/values.h"
#include "cambium/analysis/weights.h"
#include "tests/model/small_model.h"

namespace cambium::analysis {
namespace {

PromptSet some_prompts() {
  PromptSet set{.prompts = {}, .source = "test", .hash = "test"};
  for (const int64_t tokens : {19, 30}) {
    const at::Tensor ids = model::some_ids(1, tokens);
    const int32_t* data = ids.const_data_ptr<int32_t>();
    set.prompts.push_back({.ids = {data, data + tokens}, .cuts = {8, 12}, .group = ""});
  }
  return set;
}

Values values_of(model::Llama& model, const std::string& name) {
  Settings settings;
  settings.block_size = 2;
  Values found;
  const PromptSet prompts = some_prompts();
  analyze(model, "", prompts, settings, find_analyses(name), {},
          [&](const Analysis&, const Values& values, bool) { found = values; });
  return found;
}

TEST(DepthScore, OfUniformEffectsIsTheMiddle) {
  for (const int64_t layers : {1, 2, 7, 30}) {
    EXPECT_DOUBLE_EQ(depth_score_of(at::full({layers}, 0.3, at::kDouble)), static_cast<double>(layers - 1) / 2);
  }
}

TEST(DepthScore, OfOneEffectIsItsLayer) {
  at::Tensor effects = at::zeros({9}, at::kDouble);
  effects[6] = 0.01;
  EXPECT_DOUBLE_EQ(depth_score_of(effects), 6);
}

TEST(DepthScore, DividesByTheNumberOfLaterLayers) {
  const at::Tensor effect = at::ones({4, 4}, at::kDouble).triu(1);
  EXPECT_TRUE(at::equal(mean_effect_on_later(effect), at::tensor({1.0, 1.0, 1.0, 0.0}, at::kDouble)));
}

TEST(LogitLens, AgreesWithItselfAtTheEnd) {
  model::Llama model = model::small_model(model::small_config(3));
  const Values values = values_of(model, "logit-lens");
  ASSERT_EQ(values.at("kl").size(), 4);
  EXPECT_NEAR(values.at("kl")[3].get<double>(), 0, 1e-7);
  EXPECT_DOUBLE_EQ(values.at("top5_overlap")[3].get<double>(), 1);
  EXPECT_GT(values.at("kl")[0].get<double>(), 1e-3);
}

TEST(Swap, OfIdenticalLayersChangesNothing) {
  model::Llama model = model::small_model(model::small_config(6));
  for (const auto& [to, from] : {std::pair{2, 0}, std::pair{3, 1}}) {  // the first two layers, copied behind themselves
    model.weights.layers[static_cast<size_t>(to)].copy_(model.weights.layers[static_cast<size_t>(from)]);
  }
  model.refresh_compute();
  const Values values = values_of(model, "swap");
  EXPECT_EQ(values.at("nll")[0][1], values.at("baseline_nll"));
  EXPECT_EQ(values.at("nll_blocks")[0][1], values.at("baseline_nll"));
  EXPECT_NE(values.at("nll")[0][0], values.at("baseline_nll"));
  EXPECT_NE(values.at("nll_blocks")[0][2], values.at("baseline_nll"));
}

TEST(SkipEffect, IsThatOfOneFullPassEach) {
  model::Llama model = model::small_model(model::small_config(5));
  Engine engine(model);
  const at::Tensor ids = model::some_ids(1, 40);
  const std::vector<int64_t> cuts{1, 8, 16, 39};
  for (const Part part : {Part::kLayer, Part::kAttention, Part::kMlp}) {
    const SkipEffect fast = skip_future(engine, ids, cuts, part), plain = skip_future_plain(engine, ids, cuts, part);
    EXPECT_TRUE(at::allclose(fast.layer, plain.layer, 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(fast.logit, plain.logit, 1e-5, 1e-6));
    EXPECT_GT(fast.layer[0][4].item<double>(), 1e-3);
  }
}

TEST(SkipEffect, IsNothingOnEarlierLayersAndBeforeTheEnd) {
  model::Llama model = model::small_model(model::small_config(4));
  const Values values = values_of(model, "skip-effect");
  for (size_t s = 0; s < 4; ++s) {
    for (size_t i = 0; i <= s; ++i) {
      EXPECT_EQ(values.at("layer_effect")[s][i].get<double>(), 0);
    }
  }
  EXPECT_EQ(values.at("logit_effect")[3].get<double>(), 0);  // later tokens do not see the last layer's output
}

TEST(Weights, SymmetricTablesHaveNoAsymmetry) {
  const at::Tensor x = at::tensor({1.0F, 0.0F, 0.6F, 0.8F, 0.6F, 0.8F, 1.0F, 0.0F}).view({4, 2});
  const at::Tensor table = cosine_table(x);
  EXPECT_NEAR(table[0][1].item<double>(), 0.6, 1e-6);
  EXPECT_NEAR(asymmetry(table), 0, 1e-7);
  EXPECT_GT(asymmetry(cosine_table(x.narrow(0, 0, 3))), 0.1);
}

TEST(Weights, EffectiveRankCountsEqualDirections) {
  const at::Tensor ranks = effective_ranks(at::stack({at::eye(6), at::ones({6, 6})}));
  EXPECT_NEAR(ranks[0].item<double>(), 6, 1e-6);
  EXPECT_NEAR(ranks[1].item<double>(), 1, 1e-3);
}

TEST(Orders, AreTheOnesNamed) {
  EXPECT_EQ(removed(5, 1, 2), (Order{0, 3, 4}));
  EXPECT_EQ(swapped(6, 1, 3, 2), (Order{0, 3, 4, 1, 2, 5}));
  EXPECT_EQ(reversed(5, 1, 3), (Order{0, 3, 2, 1, 4}));
  EXPECT_EQ(looped(4, 1, 2, 2), (Order{0, 1, 2, 1, 2, 1, 2, 3}));
  EXPECT_EQ(blocks_ordered(7, 2, std::vector{2, 0, 1}), (Order{4, 5, 0, 1, 2, 3, 6}));
}

}  // namespace
}  // namespace cambium::analysis
