// What a tokenizer.json may not say, and that the message names it.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "cambium/base/error.h"
#include "cambium/text/tokenizer.h"
#include "tests/text/golden_forms.h"

namespace cambium::text {
namespace {

/// The message with which the changed file is refused, or "" where it is read.
std::string refusal(const std::function<void(Json&)>& change) {
  Json document = tiny_tokenizer();
  change(document);
  try {
    Tokenizer::parse(document.dump(), "tokenizer.json");
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

void expect_refusal(const std::string& part, const std::function<void(Json&)>& change) {
  const std::string message = refusal(change);
  EXPECT_NE(message.find("tokenizer.json"), std::string::npos) << message;
  EXPECT_NE(message.find(part), std::string::npos) << "expected `" << part << "` in: " << message;
}

TEST(TokenizerJson, ReadsTheTinyOne) {
  EXPECT_EQ(refusal([](Json&) {}), "");
}

TEST(TokenizerJson, UnsupportedPartsAreRefusedByName) {
  expect_refusal("NFC", [](Json& j) { j["normalizer"] = {{"type", "NFC"}}; });
  expect_refusal("Lowercase", [](Json& j) {
    j["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array({{{"type", "Lowercase"}}})}};
  });
  expect_refusal("Metaspace", [](Json& j) { j["pre_tokenizer"] = {{"type", "Metaspace"}}; });
  expect_refusal("pre_tokenizer", [](Json& j) { j["pre_tokenizer"] = nullptr; });
  expect_refusal("pre_tokenizer", [](Json& j) { j["pre_tokenizer"] = {{"type", "Digits"}}; });
  expect_refusal("Digits behind ByteLevel", [](Json& j) {
    j["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {{{"type", "ByteLevel"}}, {{"type", "Digits"}}}}};
  });
  expect_refusal("WordPiece", [](Json& j) { j["model"]["type"] = "WordPiece"; });
  expect_refusal("decoder", [](Json& j) { j["decoder"]["type"] = "Metaspace"; });
  expect_refusal("post-processor Magic", [](Json& j) { j["post_processor"] = {{"type", "Magic"}}; });
  expect_refusal("truncation", [](Json& j) { j["truncation"] = {{"max_length", 8}}; });
  expect_refusal("padding", [](Json& j) { j["padding"] = {{"strategy", "BatchLongest"}}; });
  expect_refusal("dropout", [](Json& j) { j["model"]["dropout"] = 0.1; });
  expect_refusal("continuing_subword_prefix", [](Json& j) { j["model"]["continuing_subword_prefix"] = "##"; });
  expect_refusal("end_of_word_suffix", [](Json& j) { j["model"]["end_of_word_suffix"] = "</w>"; });
  for (const char* name : {"unk_token", "byte_fallback"}) {
    const Json active = std::string(name) == "unk_token" ? Json("!") : Json(true);
    EXPECT_EQ(refusal([&](Json& j) { j["model"][name] = active; }), "") << "no byte is unknown";
    expect_refusal(name, [&](Json& j) {
      j["model"][name] = active;
      j["model"]["vocab"].erase("x");
    });
  }
}

TEST(TokenizerJson, InactiveSettingsAreRead) {
  EXPECT_EQ(refusal([](Json& j) {
              j["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
              j["model"].erase("type");
              j["model"]["dropout"] = 0.0;
              j["model"]["continuing_subword_prefix"] = "";
              j["model"]["end_of_word_suffix"] = nullptr;
              j["model"]["fuse_unk"] = true;
              j["post_processor"] = {{"type", "TemplateProcessing"}, {"single", Json::array()}};
            }),
            "");
}

TEST(TokenizerJson, BrokenFilesAreRefusedWithThePlace) {
  EXPECT_THROW(Tokenizer::parse("{", "tokenizer.json"), InvalidInput);
  EXPECT_THROW(Tokenizer::parse("", "tokenizer.json"), InvalidInput);
  EXPECT_THROW(Tokenizer::parse("[]", "tokenizer.json"), InvalidInput);
  EXPECT_THROW(Tokenizer::parse("{}", "tokenizer.json"), InvalidInput);
  EXPECT_THROW(Tokenizer::load("no/such/file"), InvalidInput);
  expect_refusal("version", [](Json& j) { j["version"] = "2.0"; });
  expect_refusal("model.vocab", [](Json& j) { j["model"]["vocab"] = Json::array(); });
  expect_refusal("model.vocab.!", [](Json& j) { j["model"]["vocab"]["!"] = -1; });
  expect_refusal("model.vocab.!", [](Json& j) { j["model"]["vocab"]["!"] = int64_t{1} << 40; });
  expect_refusal("model.vocab.!", [](Json& j) { j["model"]["vocab"]["!"] = 1 << 20; });
  expect_refusal("model.vocab.!", [](Json& j) { j["model"]["vocab"]["!"] = "1"; });
  expect_refusal("taken by another", [](Json& j) { j["model"]["vocab"]["!"] = 2; });
  expect_refusal("model.merges[1]", [](Json& j) { j["model"]["merges"].push_back("ab"); });
  expect_refusal("model.merges[1]", [](Json& j) { j["model"]["merges"].push_back("a b c"); });
  expect_refusal("model.merges[1]", [](Json& j) { j["model"]["merges"].push_back({"a", 1}); });
  expect_refusal("no token \"ab\"", [](Json& j) { j["model"]["merges"].push_back("a b"); });
  expect_refusal("no token \"zz\"", [](Json& j) { j["model"]["merges"].push_back("zz b"); });
  expect_refusal("added_tokens[0].id", [](Json& j) { j["added_tokens"] = {{{"id", 9}, {"content", "<x>"}}}; });
  expect_refusal("added_tokens[0].content", [](Json& j) { j["added_tokens"] = {{{"id", 258}, {"content", ""}}}; });
  expect_refusal("added_tokens[1].content", [](Json& j) {
    j["added_tokens"] = {{{"id", 258}, {"content", "<x>"}}, {{"id", 259}, {"content", "<x>"}}};
  });
  expect_refusal("behavior", [](Json& j) {
    j["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Sideways"}};
  });
}

TEST(TokenizerJson, ABrokenRegexIsRefusedWithTheReason) {
  for (const char* pattern : {"(", "[a", "a{2,1}", "*", "\\"}) {
    expect_refusal("regex", [&](Json& j) {
      j["pre_tokenizer"] = {
          {"type", "Sequence"},
          {"pretokenizers",
           {{{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}},
            {{"type", "ByteLevel"}, {"use_regex", false}}}}};
    });
  }
}

}  // namespace
}  // namespace cambium::text
