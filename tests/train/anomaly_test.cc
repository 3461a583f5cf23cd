#include "cambium/train/anomaly.h"

#include <limits>

#include "tests/train/tiny.h"

namespace cambium::train {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

class FindAnomaly : public testing::Test {
 protected:
  FindAnomaly() : model_(tiny_model()), gradients_(model::Parameters::zeros(model_.config, at::kFloat)) {
    const at::Tensor ids = at::arange(10, at::kInt).reshape({2, 5});
    batches_ = {{ids, ids, 10}, {at::flip(ids, {1}), ids, 10}};
  }
  /// Overwrites one entry of a named tensor.
  static void put(const model::ModelConfig& config, const model::Parameters& parameters, const std::string& name,
                  int64_t entry, double value) {
    bool found = false;
    model::for_each_tensor(config, parameters, [&](const std::string& candidate, const at::Tensor& view) {
      if (candidate == name) {
        view.reshape({-1})[entry] = value;
        found = true;
      }
    });
    ASSERT_TRUE(found) << name;
  }
  std::string found() { return find_anomaly(model_, batches_, gradients_).value_or("nothing"); }

  model::Llama model_;
  model::Parameters gradients_;
  std::vector<Batch> batches_;
};

TEST_F(FindAnomaly, NothingWhereAllIsFinite) {
  EXPECT_EQ(found(), "nothing");
  EXPECT_FALSE(find_anomaly(model_.config, model_.weights));
}

TEST_F(FindAnomaly, AWeightThatIsNone) {
  put(model_.config, model_.weights, "model.layers.2.mlp.gate_proj.weight", 8, kNan);  // [1, 0] of [12, 8]
  put(model_.config, model_.weights, "model.layers.3.mlp.gate_proj.weight", 0, kNan);  // stands behind it
  const std::string wanted =
      "the weight model.layers.2.mlp.gate_proj.weight holds 1 NaN and 0 infinite values, the first at [1, 0]";
  EXPECT_EQ(found(), wanted);
  EXPECT_EQ(find_anomaly(model_.config, model_.weights), wanted);
}

TEST_F(FindAnomaly, WhereAPassOverflows) {
  // Finite weights whose products are not: the output projection of layer 1 overflows float32.
  for (int64_t entry = 0; entry < 8; ++entry) {
    put(model_.config, model_.weights, "model.layers.1.self_attn.o_proj.weight", entry, 3e38);
  }
  for (int64_t entry = 0; entry < 8; ++entry) {
    put(model_.config, model_.weights, "model.layers.1.input_layernorm.weight", entry, 1e6);
  }
  EXPECT_TRUE(found().starts_with("micro-batch 0: the attention output of layer 1 holds ")) << found();
}

TEST_F(FindAnomaly, AGradient) {
  put(model_.config, gradients_, "model.layers.0.input_layernorm.weight", 3, kInfinity);
  put(model_.config, gradients_, "model.layers.1.self_attn.q_proj.weight", 0, kNan);
  // The backward comes to layer 1 before layer 0.
  EXPECT_EQ(found(),
            "the gradient of model.layers.1.self_attn.q_proj.weight holds 1 NaN and 0 infinite values, the "
            "first at [0, 0]");
}

TEST_F(FindAnomaly, TheHead) {
  put(model_.config, model_.weights, "model.norm.weight", 0, 1e30);
  put(model_.config, model_.weights, "lm_head.weight", 0, 1e30);
  EXPECT_NE(found().find("logits"), std::string::npos) << found();
}

}  // namespace
}  // namespace cambium::train
