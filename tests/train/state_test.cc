#include "cambium/train/state.h"

#include <cmath>

#include "cambium/growth/schedule.h"
#include "tests/support/refusal.h"
#include "tests/train/tiny.h"

namespace cambium::train {
namespace {

growth::GrowthEvent lidas_event() {
  const growth::Growth growth = growth::lidas(4, 2);
  return {.step = 12, .op = "lidas", .from_layers = 4, .to_layers = 6, .growth = growth};
}

TEST(Grow, CopiesWeightsMomentsAndCounts) {
  model::Llama model = tiny_model();
  TrainState state = tiny_state(model);
  const model::Llama before = tiny_model();
  const TrainState state_before = tiny_state(before);
  grow(model, state, lidas_event(), "copy");

  const std::vector<int> map{0, 1, 1, 2, 2, 3};
  ASSERT_EQ(growth::layer_map(4, lidas_event().growth), map);
  ASSERT_EQ(model.num_layers(), 6);
  EXPECT_EQ(model.config.num_hidden_layers, 6);
  for (size_t i = 0; i < map.size(); ++i) {
    const auto from = static_cast<size_t>(map[i]);
    EXPECT_TRUE(at::equal(model.weights.layers[i], before.weights.layers[from]));
    EXPECT_TRUE(at::equal(model.compute.layers[i], before.weights.layers[from]));
    EXPECT_TRUE(at::equal(state.exp_avg.layers[i], state_before.exp_avg.layers[from]));
    EXPECT_TRUE(at::equal(state.exp_avg_sq.layers[i], state_before.exp_avg_sq.layers[from]));
    EXPECT_EQ(state.adam_steps[i + 1], state_before.adam_steps[from + 1]);
    for (size_t j = 0; j < i; ++j) {  // copies, not views of one another
      EXPECT_NE(model.weights.layers[i].data_ptr(), model.weights.layers[j].data_ptr());
      EXPECT_NE(state.exp_avg.layers[i].data_ptr(), state.exp_avg.layers[j].data_ptr());
    }
  }
  EXPECT_EQ(state.adam_steps.front(), state_before.adam_steps.front());
  EXPECT_EQ(state.adam_steps.back(), state_before.adam_steps.back());
  EXPECT_EQ(state.lineage, map);
  ASSERT_EQ(state.growths.size(), 1u);
  EXPECT_EQ(state.growths[0].event, lidas_event());
}

TEST(Grow, LeavesTheNewLayersWithoutMoments) {
  model::Llama model = tiny_model();
  TrainState state = tiny_state(model);
  grow(model, state, lidas_event(), "zero");
  for (size_t i = 0; i < 6; ++i) {
    const bool is_new = i == 2 || i == 3;
    EXPECT_EQ(at::count_nonzero(state.exp_avg.layers[i]).item<int64_t>() == 0, is_new) << i;
    EXPECT_EQ(at::count_nonzero(state.exp_avg_sq.layers[i]).item<int64_t>() == 0, is_new) << i;
    EXPECT_EQ(state.adam_steps[i + 1] == 0, is_new) << i;
  }
  EXPECT_EQ(state.growths[0].moments, "zero");
}

TEST(Grow, MakesTheComputeCopyAgain) {
  model::Llama plain = tiny_model();
  model::Llama model(plain.config, std::move(plain.weights), model::Precision::kBFloat16);
  TrainState state = TrainState::fresh(model);
  grow(model, state, lidas_event(), "copy");
  ASSERT_EQ(model.compute.layers.size(), 6u);
  EXPECT_TRUE(at::equal(model.compute.layers[3], model.weights.layers[3].to(at::kBFloat16)));
}

TEST(GrowthRecord, ReadsBack) {
  const GrowthRecord record{lidas_event(), "zero"};
  const GrowthRecord again = growth_record_from_json(to_json(record), "there");
  EXPECT_EQ(again.event, record.event);
  EXPECT_EQ(again.moments, record.moments);
}

TEST(GrowthRecord, RefusesWhatCannotHaveHappened) {
  const auto with = [](const char* key, const formats::Json& value) {
    formats::Json json = to_json({lidas_event(), "copy"});
    json[key] = value;
    return json;
  };
  EXPECT_REFUSAL(growth_record_from_json(with("step", -1), "there"), "there", "step");
  EXPECT_REFUSAL(growth_record_from_json(with("sources", {0, 4}), "there"), "sources");
  EXPECT_REFUSAL(growth_record_from_json(with("sources", "all"), "there"), "sources");
  EXPECT_REFUSAL(growth_record_from_json(with("insert_at", 5), "there"), "insert_at");
  EXPECT_REFUSAL(growth_record_from_json(with("from_layers", 0), "there"), "from_layers");
}

TEST(LossStatistics, StartAsThePlainMeanAndVariance) {
  LossStatistics losses;
  for (const double loss : {1.0, 2.0, 3.0, 6.0}) {
    losses.add(loss);
  }
  EXPECT_DOUBLE_EQ(losses.mean, 3.0);
  EXPECT_DOUBLE_EQ(losses.variance, 3.5);
}

TEST(LossStatistics, ForgetOldLosses) {
  LossStatistics losses;
  for (int i = 0; i < 1000; ++i) {
    losses.add(i < 500 ? 8.0 : (i % 2 == 0 ? 1.9 : 2.1));
  }
  EXPECT_NEAR(losses.mean, 2.0, 0.01);
  EXPECT_NEAR(std::sqrt(losses.variance), 0.1, 0.02);
}

TEST(LossStatistics, SayNothingBeforeFiftyLosses) {
  LossStatistics losses;
  for (int i = 0; i < 49; ++i) {
    losses.add(i % 2);
  }
  EXPECT_EQ(losses.z_score(100), 0);
  losses.add(1);
  EXPECT_GT(losses.z_score(100), 50);
  EXPECT_NEAR(losses.z_score(losses.mean + 2 * std::sqrt(losses.variance)), 2, 1e-9);
}

}  // namespace
}  // namespace cambium::train
