// Every supported form of tokenizer.json against ids that Hugging Face's library gave (golden/tokenizers).
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/text/tokenizer.h"
#include "tests/text/golden_forms.h"

namespace cambium::text {
namespace {

struct Golden {
  std::string text;
  std::map<std::string, std::vector<int32_t>> ids;  ///< by form
};

std::vector<Golden> load_goldens() {
  std::vector<Golden> goldens;
  std::istringstream lines(read_file(kGoldens / "ids.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const Json golden = Json::parse(line);
    goldens.push_back({golden.at("text"), golden.at("ids")});
  }
  return goldens;
}

TEST(TokenizerForms, GiveTheStoredIds) {
  const Json base = stored("trained.json");
  const Json forms = stored("forms.json").at("forms");
  const std::vector<Golden> goldens = load_goldens();
  ASSERT_EQ(goldens.size(), 200U);
  ASSERT_GE(forms.size(), 13U);
  for (const auto& [name, form] : forms.items()) {
    const Tokenizer tokenizer = Tokenizer::parse(lay_over(base, form), name);
    for (const Golden& golden : goldens) {
      EXPECT_EQ(tokenizer.encode(golden.text), golden.ids.at(name)) << name << ": " << Json(golden.text).dump();
    }
  }
}

TEST(TokenizerForms, DecodeIsTheInverseWhereNothingIsRemovedOrAdded) {
  const Json base = stored("trained.json");
  const Json forms = stored("forms.json").at("forms");
  const std::vector<Golden> goldens = load_goldens();
  for (const char* name : {"smollm", "gpt2", "llama3", "o200k", "previous", "next", "contiguous"}) {
    const Tokenizer tokenizer = Tokenizer::parse(lay_over(base, forms.at(name)), name);
    for (const Golden& golden : goldens) {
      EXPECT_EQ(tokenizer.decode(golden.ids.at(name)), golden.text) << name;
    }
  }
}

TEST(TokenizerForms, BothFormsOfMergesReadTheSame) {
  Json document = stored("trained.json");
  const Tokenizer pairs = Tokenizer::parse(document.dump(), "pairs");
  for (Json& merge : document["model"]["merges"]) {
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  }
  const Tokenizer strings = Tokenizer::parse(document.dump(), "strings");
  for (const Golden& golden : load_goldens()) {
    EXPECT_EQ(pairs.encode(golden.text), strings.encode(golden.text));
  }
}

TEST(TokenizerForms, ManyThreadsMayEncodeAtOnce) {
  const Tokenizer tokenizer = Tokenizer::parse(stored("trained.json").dump(), "trained.json");
  const std::vector<Golden> goldens = load_goldens();
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&] {
        for (const Golden& golden : goldens) {
          count += tokenizer.encode(golden.text) == golden.ids.at("smollm") ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(Tokenizer, TellsItsVocabulary) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / "trained.json");
  EXPECT_EQ(tokenizer.vocab_size(), 600);
  EXPECT_EQ(tokenizer.end_of_text(), 0);
  EXPECT_EQ(tokenizer.token_id("<|endoftext|>"), 0);
  EXPECT_EQ(tokenizer.token_id("!"), 1);
  EXPECT_EQ(tokenizer.token_id("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer.content(), read_file(kGoldens / "trained.json"));
  EXPECT_EQ(tokenizer.hash().size(), 32U);
}

TEST(Tokenizer, NamesTheByteThatIsNotUtf8) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / "trained.json");
  try {
    tokenizer.encode("fine \xC3\xA9 until \xC3(");
    FAIL() << "no error";
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find("byte 14"), std::string::npos) << error.what();
  }
}

TEST(Tokenizer, RefusesIdsOutsideTheVocabulary) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / "trained.json");
  for (const int32_t id : {-1, 600, INT32_MAX}) {
    EXPECT_THROW(tokenizer.decode(std::vector<int32_t>{1, id}), InvalidInput) << id;
  }
}

TEST(Tokenizer, LeavesOutBytesThatTheVocabularyLacks) {
  Json document = tiny_tokenizer();
  document["model"]["vocab"].erase("x");
  const Tokenizer tokenizer = Tokenizer::parse(document.dump(), "tiny");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("axb xx a")), "ab  a");
}

TEST(Tokenizer, AMegabyteWithoutASpaceIsNoTrouble) {
  const Tokenizer tokenizer = Tokenizer::load(kGoldens / "trained.json");
  std::string text;
  for (uint32_t state = 1; text.size() < 1'000'000;) {
    state = state * 1664525 + 1013904223;
    text.push_back(static_cast<char>('a' + (state >> 24) % 26));
  }
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  text.assign(1'000'000, 'a');
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  text.assign(1'000'000, ' ');
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text + "x")), text + "x");
}

}  // namespace
}  // namespace cambium::text
