#include "cambium/train/apply_growth.h"

#include <gtest/gtest.h>

#include <cmath>

#include "cambium/model/forward.h"
#include "cambium/model/new_layers.h"
#include "tests/train/tiny.h"

namespace cambium::train {
namespace {

GrowthRecord record_of(const std::string& op, const growth::Policy& policy = {}, int layers = 4, int block = 2) {
  const growth::Growth growth = growth::grow_by(op, layers, block);
  return {{12, op, layers, layers + static_cast<int>(growth.sources.size()), growth}, policy};
}

growth::Policy with_moments(const std::string& moments) {
  growth::Policy policy;
  policy.moments = moments;
  return policy;
}

bool is_new(const growth::Growth& growth, size_t layer) {
  for (size_t i = 0; i < growth.sources.size(); ++i) {
    if (static_cast<size_t>(growth.place(i)) == layer) {
      return true;
    }
  }
  return false;
}

at::Tensor slot_of(const at::Tensor& layer, const std::string& name) {
  at::Tensor found;
  for_each_slot(tiny_config(), layer,
                [&](const model::Slot& slot, const at::Tensor& view) { found = slot.name == name ? view : found; });
  return found;
}

/// For every operator: old layers as they were, copies bit for bit as their sources, moments and counts alike, lineage.
TEST(Grow, KeepsWhatItDoesNotTouchAndCopiesTheRestBitForBit) {
  for (const std::string& name : growth::operator_names()) {
    SCOPED_TRACE(name);
    model::Llama model = tiny_model();
    TrainState state = tiny_state(model);
    const model::Llama before = tiny_model();
    const TrainState state_before = tiny_state(before);
    const GrowthRecord record = record_of(name);
    const growth::Growth& growth = record.event.growth;
    grow(model, state, record);

    const std::vector<int> map = layer_map(4, growth);
    ASSERT_EQ(model.num_layers(), record.event.to_layers);
    EXPECT_EQ(model.config.num_hidden_layers, record.event.to_layers);
    EXPECT_EQ(model.order, model::plain_order(record.event.to_layers));
    EXPECT_TRUE(at::equal(model.weights.embedding, before.weights.embedding));
    EXPECT_TRUE(at::equal(model.weights.head, before.weights.head));
    EXPECT_TRUE(at::equal(state.exp_avg.embedding, state_before.exp_avg.embedding));
    for (size_t i = 0; i < map.size(); ++i) {
      SCOPED_TRACE(i);
      if (map[i] == growth::kNoSource) {
        EXPECT_EQ(at::count_nonzero(state.exp_avg.layers[i]).item<int64_t>(), 0);
        EXPECT_EQ(state.adam_steps[i + 1], 0);
        EXPECT_EQ(state.lineage[i], growth::kNoSource);
        continue;
      }
      const auto from = static_cast<size_t>(map[i]);
      EXPECT_EQ(state.lineage[i], map[i]);
      EXPECT_EQ(state.adam_steps[i + 1], state_before.adam_steps[from + 1]);
      for (size_t j = 0; j < i; ++j) {  // copies, not views of one another
        EXPECT_NE(model.weights.layers[i].data_ptr(), model.weights.layers[j].data_ptr());
        EXPECT_NE(state.exp_avg.layers[i].data_ptr(), state.exp_avg.layers[j].data_ptr());
      }
      const bool averaged = is_new(growth, i) && growth.making == growth::Making::kAverage;
      if (!averaged) {
        EXPECT_TRUE(at::equal(state.exp_avg.layers[i], state_before.exp_avg.layers[from]));
        EXPECT_TRUE(at::equal(state.exp_avg_sq.layers[i], state_before.exp_avg_sq.layers[from]));
      }
      const bool changed = averaged || (is_new(growth, i) && growth.making == growth::Making::kIdentity);
      EXPECT_EQ(at::equal(model.weights.layers[i], before.weights.layers[from]), !changed);
      EXPECT_TRUE(at::equal(model.compute.layers[i], model.weights.layers[i]));
    }
    EXPECT_EQ(state.adam_steps.back(), state_before.adam_steps.back());
    ASSERT_EQ(state.growths.size(), 1u);
    EXPECT_EQ(state.growths[0].event, record.event);
  }
}

TEST(Grow, IdentityZeroesTheOutputsAndNothingElse) {
  model::Llama model = tiny_model();
  TrainState state = tiny_state(model);
  const model::Llama before = tiny_model();
  const GrowthRecord record = record_of("identity");
  grow(model, state, record);
  for (size_t i = 0; i < 2; ++i) {
    const at::Tensor& made = model.weights.layers[static_cast<size_t>(record.event.growth.place(i))];
    const at::Tensor& source = before.weights.layers[static_cast<size_t>(record.event.growth.sources[i])];
    for_each_slot(tiny_config(), made, [&](const model::Slot& slot, const at::Tensor& view) {
      if (slot.name == "self_attn.o_proj.weight" || slot.name == "mlp.down_proj.weight") {
        EXPECT_EQ(at::count_nonzero(view).item<int64_t>(), 0);
      } else {
        EXPECT_TRUE(at::equal(view, slot_of(source, slot.name))) << slot.name;
      }
    });
  }
}

TEST(Grow, IdentityLeavesTheLogitsToTheBit) {
  const at::Tensor ids = at::arange(0, 7, at::kInt).view({1, 7});
  model::Llama model = tiny_model();
  const auto logits = [&] {
    model::Forward forward(model);
    return forward.logits(forward.hidden(ids)).clone();
  };
  const at::Tensor before = logits();
  TrainState state = tiny_state(model);
  grow(model, state, record_of("identity"));
  ASSERT_EQ(model.num_layers(), 6);
  EXPECT_TRUE(at::equal(logits(), before));
  grow(model, state, record_of("gradstack", {}, 6, 2));
  EXPECT_FALSE(at::equal(logits(), before));
}

TEST(Grow, AverageIsTheMeanOfTheNeighbouringBlocks) {
  model::Llama model = tiny_model();
  TrainState state = tiny_state(model);
  const model::Llama before = tiny_model();
  grow(model, state, record_of("average"));
  for (size_t i = 0; i < 2; ++i) {
    const at::Tensor mean = (before.weights.layers[i] + before.weights.layers[i + 2]) * 0.5;
    EXPECT_TRUE(at::equal(model.weights.layers[i + 2], mean));
  }
}

TEST(Grow, FreshLayersAreDrawnFromTheSeed) {
  growth::Policy policy;
  policy.init_std = 0.5;
  policy.seed = 5;
  const auto grown = [&] {
    model::Llama model = tiny_model();
    TrainState state = tiny_state(model);
    grow(model, state, record_of("fresh", policy));
    return model.weights.layers;
  };
  const std::vector<at::Tensor> layers = grown();
  EXPECT_TRUE(at::equal(layers[2], grown()[2]));
  EXPECT_FALSE(at::equal(layers[2], layers[3]));
  EXPECT_NEAR(slot_of(layers[2], "mlp.up_proj.weight").std().item<double>(), 0.5, 0.12);
  EXPECT_TRUE(at::equal(slot_of(layers[2], "input_layernorm.weight"), at::ones({8})));
  policy.seed = 6;
  EXPECT_FALSE(at::equal(layers[2], grown()[2]));
}

TEST(Grow, MomentsOfTheNewLayers) {
  for (const std::string moments : {"copy", "zero", "copy_reset_step"}) {
    model::Llama model = tiny_model();
    TrainState state = tiny_state(model);
    grow(model, state, record_of("lidas", with_moments(moments)));
    for (size_t i = 0; i < 6; ++i) {
      SCOPED_TRACE(moments);
      const bool made = i == 2 || i == 3;
      EXPECT_EQ(at::count_nonzero(state.exp_avg.layers[i]).item<int64_t>() == 0, made && moments == "zero") << i;
      EXPECT_EQ(at::count_nonzero(state.exp_avg_sq.layers[i]).item<int64_t>() == 0, made && moments == "zero") << i;
      EXPECT_EQ(state.adam_steps[i + 1] == 0, made && moments != "copy") << i;
    }
    EXPECT_EQ(state.growths[0].policy.moments, moments);
  }
}

TEST(Grow, NoiseIsRelativeToEachMatrixAndSparesTheNorms) {
  growth::Policy policy;
  policy.noise = 0.1;
  model::Llama model = tiny_model();
  TrainState state = tiny_state(model);
  const model::Llama before = tiny_model();
  grow(model, state, record_of("midas", policy));  // 0 1 [0 1] 2 3
  for_each_slot(tiny_config(), model.weights.layers[2], [&](const model::Slot& slot, const at::Tensor& view) {
    const at::Tensor source = slot_of(before.weights.layers[0], slot.name);
    const double moved = (view - source).norm().item<double>(), size = source.norm().item<double>();
    if (slot.is_matrix()) {
      EXPECT_NEAR(moved / size, 0.1, 0.05) << slot.name;
    } else {
      EXPECT_EQ(moved, 0) << slot.name;
    }
  });
  EXPECT_TRUE(at::equal(model.weights.layers[0], before.weights.layers[0]));
}

TEST(Grow, OutputScale) {
  growth::Policy policy;
  policy.output_scale = 0.5;
  model::Llama model = tiny_model();
  TrainState state = tiny_state(model);
  const model::Llama before = tiny_model();
  grow(model, state, record_of("midas", policy));
  for_each_slot(tiny_config(), model.weights.layers[2], [&](const model::Slot& slot, const at::Tensor& view) {
    const bool output = slot.name == "self_attn.o_proj.weight" || slot.name == "mlp.down_proj.weight";
    EXPECT_TRUE(at::equal(view, slot_of(before.weights.layers[0], slot.name) * (output ? 0.5 : 1.0))) << slot.name;
  });
}

TEST(Grow, MakesTheComputeCopyAgain) {
  model::Llama plain = tiny_model();
  model::Llama model(plain.config, std::move(plain.weights), model::Precision::kBFloat16);
  TrainState state = TrainState::fresh(model);
  grow(model, state, record_of("lidas"));
  ASSERT_EQ(model.compute.layers.size(), 6u);
  EXPECT_TRUE(at::equal(model.compute.layers[3], model.weights.layers[3].to(at::kBFloat16)));
}

growth::SymmetrizeEvent symmetrize_event(double strength, const std::string& control, int layers = 8) {
  const growth::Symmetrize how{strength, control, 11};
  return {12, 2, how, growth::block_pairs(layers / 2, how)};
}

/// [blocks, blocks]: cosine between the weights of blocks of two layers.
at::Tensor similarity(const model::Parameters& weights) {
  std::vector<at::Tensor> rows;
  for (size_t i = 0; i + 1 < weights.layers.size(); i += 2) {
    const at::Tensor row = at::cat({weights.layers[i], weights.layers[i + 1]}).to(at::kDouble);
    rows.push_back(row / row.norm());
  }
  const at::Tensor all = at::stack(rows);
  return at::mm(all, all.t());
}

/// Mean of |S[i, j] - S[n-1-i, n-1-j]|.
double asymmetry(const model::Parameters& weights) {
  const at::Tensor s = similarity(weights);
  return (s - s.flip({0, 1})).abs().mean().item<double>();
}

TEST(Symmetrize, FullStrengthMakesTheSimilaritySymmetric) {
  const model::Llama before = tiny_model(8);
  EXPECT_GT(asymmetry(before.weights), 1e-3);
  model::Llama model = tiny_model(8);
  TrainState state = tiny_state(model);
  symmetrize(model.config, model.weights, state, symmetrize_event(1, "none"));
  EXPECT_LT(asymmetry(model.weights), 1e-12);
  EXPECT_TRUE(at::equal(model.weights.layers[0], model.weights.layers[6]));  // blocks 0 and 3, in layer order
  EXPECT_TRUE(at::equal(model.weights.layers[3], model.weights.layers[5]));
  EXPECT_TRUE(at::equal(state.exp_avg_sq.layers[1], state.exp_avg_sq.layers[7]));
  EXPECT_EQ(state.symmetrized.size(), 1u);
}

TEST(Symmetrize, StrengthZeroChangesNoBit) {
  for (const std::string& control : growth::symmetrize_controls()) {
    model::Llama model = tiny_model(8);
    model.weights.layers[0][3] = -0.0;  // adding anything would lose its sign
    const model::Parameters before = model.weights.to(at::kCPU);
    TrainState state = tiny_state(model);
    symmetrize(model.config, model.weights, state, symmetrize_event(0, control));
    EXPECT_TRUE(same(model.weights, before));
    EXPECT_TRUE(same(state.exp_avg, tiny_state(model).exp_avg));
    EXPECT_TRUE(std::signbit(model.weights.layers[0][3].item<float>()));
  }
}

TEST(Symmetrize, HalfStrengthHalvesTheDistance) {
  const model::Llama before = tiny_model(8);
  model::Llama model = tiny_model(8);
  TrainState state = tiny_state(model);
  symmetrize(model.config, model.weights, state, symmetrize_event(0.5, "none"));
  const auto distance = [](const model::Llama& of) {
    return (of.weights.layers[0] - of.weights.layers[6]).norm().item<double>();
  };
  EXPECT_NEAR(distance(model), distance(before) / 2, 1e-5);
  EXPECT_TRUE(at::allclose(model.weights.layers[0] + model.weights.layers[6],
                           before.weights.layers[0] + before.weights.layers[6], 1e-5, 1e-6));
}

TEST(Symmetrize, RandomControlMovesEveryTensorAsFar) {
  for (const double strength : {0.3, 1.0}) {
    const model::Llama before = tiny_model(8);
    model::Llama towards = tiny_model(8), random = tiny_model(8);
    TrainState state = tiny_state(towards);
    symmetrize(towards.config, towards.weights, state, symmetrize_event(strength, "none"));
    symmetrize(random.config, random.weights, state, symmetrize_event(strength, "random"));
    EXPECT_GT(asymmetry(random.weights), 1e-3);
    for (size_t layer = 0; layer < 8; ++layer) {
      for_each_slot(tiny_config(), before.weights.layers[layer], [&](const model::Slot& slot, const at::Tensor& from) {
        const auto moved = [&](const model::Llama& to) {
          return (slot_of(to.weights.layers[layer], slot.name) - from).norm().item<double>();
        };
        EXPECT_NEAR(moved(random), moved(towards), 1e-5 * (1 + moved(towards))) << slot.name;
        if (slot.is_matrix()) {
          EXPECT_GT(moved(random), 0.1) << slot.name;
        }
      });
    }
  }
}

TEST(Symmetrize, UnmatchedControlPairsOtherBlocks) {
  model::Llama model = tiny_model(8);
  TrainState state = tiny_state(model);
  const growth::SymmetrizeEvent event = symmetrize_event(1, "unmatched");
  symmetrize(model.config, model.weights, state, event);
  const auto [one, other] = event.pairs.front();
  EXPECT_TRUE(at::equal(model.weights.layers[static_cast<size_t>(2 * one)],
                        model.weights.layers[static_cast<size_t>(2 * other)]));
  EXPECT_FALSE(at::equal(model.weights.layers[0], model.weights.layers[6]));
}

}  // namespace
}  // namespace cambium::train
