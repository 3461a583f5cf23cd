#include "cambium/formats/llama2c.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>
#include <span>

#include "cambium/base/error.h"
#include "cambium/formats/safetensors.h"
#include "tests/support/folder.h"
#include "tests/support/refusal.h"

namespace cambium::formats {
namespace {

using Sizes = std::array<int32_t, 7>;  ///< dim, hidden_dim, layers, heads, kv heads, vocabulary, positions

constexpr Sizes kSizes{8, 6, 2, 2, 1, 5, 3};
constexpr int kLayer = 2 * 8 + 2 * 8 * 8 + 2 * 4 * 8 + 3 * 8 * 6;
constexpr int kValues = 5 * 8 + 2 * kLayer + 8 + 3 * 4;

/// A file whose n-th value is n.
std::string file_of(const Sizes& sizes, int count) {
  std::string bytes(reinterpret_cast<const char*>(sizes.data()), sizeof(sizes));
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<float>(i);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  return bytes;
}

const Llama2cModel::Tensor& find(const Llama2cModel& model, std::string_view name) {
  for (const auto& tensor : model.tensors) {
    if (tensor.name == name) return tensor;
  }
  throw Error("no such tensor");
}

using Llama2c = Folder;

TEST_F(Llama2c, NamesShapesAndOrder) {
  const Llama2cModel model = read_llama2c(write("m.bin", file_of(kSizes, kValues)));
  EXPECT_TRUE(model.tie_word_embeddings);
  EXPECT_EQ(model.vocab_size, 5);
  EXPECT_EQ(model.tensors.size(), 2u + 2u * 9u);
  EXPECT_EQ(find(model, "model.embed_tokens.weight").shape, (std::vector<int64_t>{5, 8}));
  EXPECT_EQ(find(model, "model.layers.1.input_layernorm.weight").values.front(), 40 + 8);
  const auto& k = find(model, "model.layers.0.self_attn.k_proj.weight");
  EXPECT_EQ(k.shape, (std::vector<int64_t>{4, 8}));
  const float first = 40 + 2 * 8 + 2 * 64;  // behind the embedding, the norms and q_proj
  EXPECT_EQ(k.values[0], first);
  EXPECT_EQ(k.values[8], first + 2 * 8);  // rows 0 2 1 3
  EXPECT_EQ(k.values[16], first + 1 * 8);
  EXPECT_EQ(k.values[24], first + 3 * 8);
  EXPECT_EQ(find(model, "model.layers.0.mlp.down_proj.weight").shape, (std::vector<int64_t>{8, 6}));
  EXPECT_EQ(find(model, "model.norm.weight").values.back(), kValues - 3 * 4 - 1);
}

TEST_F(Llama2c, ANegativeVocabularyMeansAHeadOfItsOwn) {
  Sizes sizes = kSizes;
  sizes[5] = -5;
  const Llama2cModel model = read_llama2c(write("m.bin", file_of(sizes, kValues + 5 * 8)));
  EXPECT_FALSE(model.tie_word_embeddings);
  EXPECT_EQ(model.vocab_size, 5);
  EXPECT_EQ(find(model, "lm_head.weight").values.front(), kValues);
}

TEST_F(Llama2c, RefusesSizesThatDoNotWorkOut) {
  const auto refuse = [&](size_t index, int32_t value, std::string_view part) {
    Sizes sizes = kSizes;
    sizes[index] = value;
    EXPECT_REFUSAL(read_llama2c(write("m.bin", file_of(sizes, kValues))), "m.bin", std::string(part));
  };
  for (size_t i = 0; i < kSizes.size(); ++i) refuse(i, 0, "expected a positive size");
  refuse(2, -1, "n_layers");
  refuse(5, std::numeric_limits<int32_t>::min(), "its sizes take");
  refuse(3, 8, "even size");
  refuse(4, 3, "n_kv_heads");
  refuse(0, 0x616b3432, "version 0");
  refuse(2, std::numeric_limits<int32_t>::max(), "its sizes take");
  const int32_t most = std::numeric_limits<int32_t>::max();
  EXPECT_REFUSAL(read_llama2c(write("m.bin", file_of({most - 1, most, most, 1, 1, most, most}, 0))), "more than 2^63");
  EXPECT_REFUSAL(read_llama2c(write("m.bin", file_of(kSizes, kValues - 1))), "the file has");
  EXPECT_REFUSAL(read_llama2c(write("m.bin", file_of(kSizes, kValues + 1))), "the file has");
  EXPECT_REFUSAL(read_llama2c(write("m.bin", "short")), "has 5 bytes");
  EXPECT_REFUSAL(read_llama2c(folder_ / "gone.bin"), "gone.bin");
}

TEST_F(Llama2c, RefusesValuesThatAreNotFinite) {
  std::string bytes = file_of(kSizes, kValues);
  const float infinity = std::numeric_limits<float>::infinity();
  bytes.replace(28 + 4 * 41, 4, reinterpret_cast<const char*>(&infinity), 4);
  EXPECT_REFUSAL(read_llama2c(write("m.bin", bytes)), "byte 192", "model.layers.0.input_layernorm.weight");
}

TEST_F(Llama2c, SurvivesDamage) {
  const std::string valid = file_of(kSizes, kValues);
  std::mt19937_64 random(13);
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bytes = valid;
    bytes[random() % 28] ^= static_cast<char>(1 << random() % 8);
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    try {
      read_llama2c(write("m.bin", bytes));
    } catch (const InvalidInput&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 150);
}

TEST(Llama2cShared, EqualsTheHuggingFaceDirectory) {
  const std::filesystem::path folder = std::filesystem::path(CAMBIUM_SHARED_DIR) / "data/weights";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared data beside the repository";
  const Llama2cModel model = read_llama2c(folder / "stories260K.bin");
  const SafetensorsReader reader(folder / "stories260K-hf/model.safetensors");
  EXPECT_EQ(model.num_key_value_heads, 4);
  EXPECT_EQ(model.max_position_embeddings, 512);
  EXPECT_EQ(model.tensors.size(), reader.tensors().size());
  for (const auto& tensor : model.tensors) {
    const TensorInfo* other = reader.find(tensor.name);
    ASSERT_NE(other, nullptr) << tensor.name;
    EXPECT_EQ(tensor.shape, other->shape) << tensor.name;
    std::vector<float> values(static_cast<size_t>(other->numel()));
    reader.read_float32(*other, values);
    EXPECT_EQ(tensor.values, values) << tensor.name;
  }
}

}  // namespace
}  // namespace cambium::formats
