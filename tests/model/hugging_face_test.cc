#include <gtest/gtest.h>

#include "tests/model/golden.h"
#include "tests/support/refusal.h"
#include "tests/support/temporary_folder.h"

namespace cambium::model {
namespace {

/// A configuration may claim any size; what the files hold decides, before anything is allocated for it.
TEST(ReadParameters, RefusesSizesThatTheFilesCannotHold) {
  const std::filesystem::path directory = kGolden / "models" / "tied" / "model";
  const ModelConfig honest = read_model_config(directory);
  ModelConfig config = honest;
  config.vocab_size = int64_t{1} << 31;
  EXPECT_REFUSAL(read_parameters(directory, config), "model.safetensors", "config.json");
  config = honest;
  config.num_hidden_layers = 1 << 16;
  EXPECT_REFUSAL(read_parameters(directory, config), "model.safetensors", "config.json");
  config = honest;
  config.num_hidden_layers += 1;
  EXPECT_REFUSAL(read_parameters(directory, config), "model.layers.2.", "missing");
  config = honest;
  config.num_hidden_layers -= 1;
  EXPECT_REFUSAL(read_parameters(directory, config), "model.layers.1.", "1 layers");
  config = honest;
  config.intermediate_size += 2;
  EXPECT_REFUSAL(read_parameters(directory, config), "model.safetensors", "expected shape");
}

TEST(Llama, HoldsOnlyThePositionsThatAreUsed) {
  const std::filesystem::path directory = kGolden / "models" / "tied" / "model";
  ModelConfig config = read_model_config(directory);
  config.max_position_embeddings = int64_t{1} << 31;
  Llama model(config, read_parameters(directory, config), Precision::kFloat32);
  const int64_t first = model.rope.cos.size(0);
  EXPECT_LT(first, 1 << 16);
  model.reserve_positions(first + 1);
  EXPECT_GT(model.rope.cos.size(0), first);
}

TEST(WriteModel, IsReadBackToTheSameBits) {
  const TemporaryFolder temporary;
  for (const std::string name : {"grouped", "odd", "llama3"}) {
    const std::filesystem::path folder = temporary / name;
    std::filesystem::create_directories(folder);
    const Llama model = load_golden(kGolden / "models" / name / "model");
    write_model(folder, model.config, model.weights, formats::DType::kFloat32);
    const Llama again = load_golden(folder);
    EXPECT_EQ(again.config, model.config) << name;
    const std::vector<at::Tensor> before = model.weights.blocks(), after = again.weights.blocks();
    ASSERT_EQ(before.size(), after.size());
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_TRUE(at::equal(before[i], after[i])) << name << ", block " << i;
    }
  }
}

}  // namespace
}  // namespace cambium::model
