#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cambium/model/forward.h"
#include "tests/model/golden.h"

namespace cambium::model {
namespace {

namespace fs = std::filesystem;

/// What a logit or a log-probability in float32 may differ by from transformers.
constexpr double kTolerance = 1e-4;

std::vector<std::string> golden_models() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kGolden / "models")) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenModel : public testing::TestWithParam<std::string> {
 protected:
  fs::path directory() const { return kGolden / "models" / GetParam(); }
};

TEST_P(GoldenModel, GivesTheLogitsOfTransformers) {
  Llama model = load_golden(directory() / "model");
  Forward forward(model);
  const formats::SafetensorsReader stored(directory() / "logits.safetensors");
  const at::Tensor logits = forward.logits(forward.hidden(read_ids(stored, "ids")));
  EXPECT_LT(largest_difference(logits, read_float_tensor(stored, "logits")), kTolerance);
}

TEST_P(GoldenModel, GivesTheLogProbabilitiesOfTransformers) {
  Llama model = load_golden(directory() / "model");
  Forward forward(model);
  for (const formats::Json& line : read_lines(directory() / "scores.jsonl")) {
    const auto ids = line.at("ids").get<std::vector<int32_t>>();
    if (ids.size() == 1) {
      continue;
    }
    const at::Tensor found = token_log_probs(model, forward, as_batch(ids)).view({-1});
    const formats::Json& wanted = line.at("logprobs");
    ASSERT_EQ(found.numel(), static_cast<int64_t>(wanted.size()) - 1);
    for (int64_t i = 0; i < found.numel(); ++i) {
      ASSERT_NEAR(found[i].item<float>(), wanted[static_cast<size_t>(i) + 1].get<float>(), kTolerance)
          << ids.size() << " ids, number " << i + 1;
    }
  }
}

TEST_P(GoldenModel, GivesTheSameTokenByTokenThroughTheCache) {
  Llama model = load_golden(directory() / "model");
  Forward forward(model);
  const formats::SafetensorsReader stored(directory() / "logits.safetensors");
  const at::Tensor ids = read_ids(stored, "ids"), wanted = read_float_tensor(stored, "logits");
  KvCache cache = forward.make_cache(1, ids.size(1), model.num_layers());
  // Three at once, then one by one.
  for (int64_t begin = 0, count = 3; begin < ids.size(1); begin += count, count = 1) {
    const at::Tensor logits =
        forward.logits(forward.hidden(ids.narrow(1, begin, count).contiguous(), Forward::Options{.cache = &cache}));
    EXPECT_LT(largest_difference(logits, wanted.narrow(0, begin, count)), kTolerance) << "token " << begin;
  }
}

INSTANTIATE_TEST_SUITE_P(Stored, GoldenModel, testing::ValuesIn(golden_models()),
                         [](const auto& each) { return each.param; });

TEST(Stories260K, GivesItsGoldenLogits) {
  const fs::path weights = fs::path(CAMBIUM_SHARED_DIR) / "data" / "weights";
  if (!fs::exists(weights)) {
    GTEST_SKIP() << "needs the shared weights in " << weights;
  }
  // "pos P in ID  logits L0 .. L5  argmax ID LOGIT  lse X", one line a position of a greedy decoding.
  struct Row {
    std::vector<float> first;
    int best;
    float best_logit, lse;
  };
  std::vector<Row> rows;
  std::vector<int32_t> ids;
  std::ifstream golden(weights / "stories260K_greedy_golden.txt");
  for (std::string line; std::getline(golden, line) && line.starts_with("pos ");) {
    std::istringstream in(line);
    std::string word;
    Row row{.first = std::vector<float>(6), .best = 0, .best_logit = 0, .lse = 0};
    int position = 0, id = 0;
    in >> word >> position >> word >> id >> word;
    for (float& logit : row.first) {
      in >> logit;
    }
    in >> word >> row.best >> row.best_logit >> word >> row.lse;
    ASSERT_TRUE(in) << line;
    rows.push_back(row);
    ids.push_back(id);
  }
  ASSERT_GT(rows.size(), 20);

  Llama model = load_golden(weights / "stories260K-hf");
  Forward forward(model);
  const at::Tensor logits = forward.logits(forward.hidden(as_batch(ids)));
  for (size_t i = 0; i < rows.size(); ++i) {
    const at::Tensor row = logits[static_cast<int64_t>(i)];
    EXPECT_LT(largest_difference(row.narrow(0, 0, 6), at::tensor(rows[i].first)), kTolerance) << "position " << i;
    EXPECT_EQ(row.argmax().item<int64_t>(), rows[i].best) << "position " << i;
    EXPECT_NEAR(row.max().item<float>(), rows[i].best_logit, kTolerance) << "position " << i;
    EXPECT_NEAR(row.logsumexp(0).item<float>(), rows[i].lse, kTolerance) << "position " << i;
  }
}

TEST(LayerNormScaling, GivesTheLogProbabilitiesWrittenOutByHandAlsoWhenFolded) {
  use_one_thread();
  ModelConfig config = read_model_config(kGolden / "scaled" / "model");
  ASSERT_TRUE(config.layer_norm_scaling);
  Parameters parameters = read_parameters(kGolden / "scaled" / "model", config);
  for (const bool folded : {false, true}) {
    if (folded) {
      fold_layer_norm_scaling(config, parameters);
    }
    ASSERT_EQ(config.layer_norm_scaling, !folded);
    Llama model(config, parameters, Precision::kFloat32);
    Forward forward(model);
    for (const formats::Json& line : read_lines(kGolden / "scaled" / "scores.jsonl")) {
      const auto ids = line.at("ids").get<std::vector<int32_t>>();
      if (ids.size() > 1) {
        const at::Tensor found = token_log_probs(model, forward, as_batch(ids)).view({-1});
        for (int64_t i = 0; i < found.numel(); ++i) {
          ASSERT_NEAR(found[i].item<float>(), line.at("logprobs")[static_cast<size_t>(i) + 1].get<float>(), kTolerance);
        }
      }
    }
  }
}

TEST(BFloat16, StaysNearFloat32) {
  use_one_thread();
  const fs::path directory = kGolden / "models" / "bfloat16";
  const ModelConfig config = read_model_config(directory / "model");
  Llama model(config, read_parameters(directory / "model", config), Precision::kBFloat16);
  Forward forward(model);
  const formats::SafetensorsReader stored(directory / "logits.safetensors");
  const at::Tensor wanted = read_float_tensor(stored, "logits");
  const at::Tensor logits = forward.logits(forward.hidden(read_ids(stored, "ids")));
  // Eight bits a product: about a hundredth of the logits' spread, and not zero.
  const double rms = (logits - wanted).pow(2).mean().sqrt().item<double>() / wanted.std().item<double>();
  EXPECT_LT(rms, 0.03);
  EXPECT_GT(rms, 1e-5);
}

}  // namespace
}  // namespace cambium::model
