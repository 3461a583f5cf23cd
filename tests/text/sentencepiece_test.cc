// SentencePiece models: Llama 2's, from the shared data, against ids that the library's Python gave.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/text/sentencepiece_model.h"
#include "cambium/text/tokenizer.h"
#include "tests/text/golden_forms.h"

namespace cambium::text {
namespace {

const std::filesystem::path kModel =
    std::filesystem::path(CAMBIUM_SHARED_DIR) / "data" / "tokenizers" / "llama2_tokenizer.model";

using Ids = std::vector<int32_t>;

class Llama2 : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModel)) {
      GTEST_SKIP() << "no " << kModel;
    }
    try {
      tokenizer_.emplace(Tokenizer::load(kModel));
    } catch (const InvalidInput& error) {
      if (std::string(error.what()).find("built without SentencePiece") == std::string::npos) {
        throw;
      }
      GTEST_SKIP() << error.what();
    }
  }
  std::optional<Tokenizer> tokenizer_;
};

TEST_F(Llama2, GivesTheStoredIds) {
  std::istringstream lines(read_file(kGoldens / "sentencepiece_ids.jsonl"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Json golden = Json::parse(line);
    const auto text = golden.at("text").get<std::string>();
    const auto ids = golden.at("ids").get<Ids>();
    EXPECT_EQ(tokenizer_->encode(text), ids) << Json(text).dump();
    EXPECT_EQ(tokenizer_->encode(text), ids) << "words remembered: " << Json(text).dump();
    if (text.find("\u2581") == std::string::npos) {
      EXPECT_EQ(tokenizer_->decode(ids), text);
    }
  }
  EXPECT_EQ(count, 300);
}

TEST_F(Llama2, TellsItsVocabulary) {
  EXPECT_EQ(tokenizer_->vocab_size(), 32000);
  EXPECT_EQ(tokenizer_->end_of_text(), 2);
  EXPECT_EQ(tokenizer_->token_id("<s>"), 1);
  EXPECT_EQ(tokenizer_->file_name(), "tokenizer.model");
  EXPECT_EQ(tokenizer_->bytes_of(15043), " Hello");
  EXPECT_EQ(tokenizer_->bytes_of(13), "\n");
  EXPECT_EQ(tokenizer_->decode(Ids{1, 15043}), "<s> Hello");
}

TEST_F(Llama2, FindsControlTokensInText) {
  EXPECT_EQ(tokenizer_->encode("a</s>b"), (Ids{263, 2, 29890}));
  EXPECT_EQ(tokenizer_->encode("a</s> b"), (Ids{263, 2, 289}));
  EXPECT_EQ(tokenizer_->encode("<s>x"), (Ids{1, 29916}));
  EXPECT_EQ(tokenizer_->encode("x <s>"), (Ids{921, 29871, 1}));
}

TEST_F(Llama2, BrokenModelsAreRefused) {
  const std::string model = read_file(kModel);
  EXPECT_THROW(Tokenizer::parse(model.substr(0, model.size() / 2), "half.model"), InvalidInput);
  EXPECT_THROW(Tokenizer::parse("", "empty.model"), InvalidInput);
  EXPECT_THROW(Tokenizer::parse("\n\x05hello", "short.model"), InvalidInput);
  EXPECT_THROW(Tokenizer::parse(std::string(100, '\xFF'), "noise.model"), InvalidInput);
}

TEST_F(Llama2, KnowsWhatTheModelDoesToText) {
  const SentencePieceNormalizer normalizer = read_normalizer(read_file(kModel), "model");
  EXPECT_EQ(normalizer.name, "identity");
  EXPECT_FALSE(normalizer.changes_characters);
  EXPECT_TRUE(normalizer.adds_space);
  EXPECT_FALSE(normalizer.removes_extra_spaces);
}

}  // namespace
}  // namespace cambium::text
