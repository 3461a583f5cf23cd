#include "cambium/text/bpe_trainer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/text/tokenizer.h"
#include "tests/text/golden_forms.h"

namespace cambium::text {
namespace {

using Strings = std::vector<std::string>;

TrainedBpe train_on(std::string_view text, int32_t vocab_size) {
  WordCounter counter;
  counter.add(text);
  return train_bpe(counter.counts(), {.vocab_size = vocab_size});
}

TEST(BpeTrainer, LearnsWhatHuggingFaceLearns) {
  const Json golden = stored("trained.json");
  const Json ours = Json::parse(to_tokenizer_json(train_on(read_file(kGoldens / "corpus.txt"), 600)));
  EXPECT_EQ(ours.at("model").at("vocab"), golden.at("model").at("vocab"));
  Json merges = Json::array();
  for (const Json& merge : golden.at("model").at("merges")) {
    merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }
  EXPECT_EQ(ours.at("model").at("merges"), merges);
  EXPECT_EQ(ours.at("pre_tokenizer"), golden.at("pre_tokenizer"));
  EXPECT_EQ(ours.at("added_tokens"), golden.at("added_tokens"));
}

TEST(BpeTrainer, MergesTheMostFrequentPairAndAmongEqualsTheSmallerIds) {
  const TrainedBpe trained = train_on("ab ab ab cd cd cd", 257 + 4);
  const std::vector<std::pair<std::string, std::string>> expected = {{"a", "b"}, {"c", "d"}, {"Ġ", "cd"}, {"Ġ", "ab"}};
  EXPECT_EQ(trained.merges, expected);  // "cd" always stands behind a space, "ab" twice
}

TEST(BpeTrainer, OverlappingPairsAreCountedAsTheyMerge) {
  const TrainedBpe trained = train_on("aaaaaaa bb bb", 257 + 3);
  EXPECT_EQ(trained.merges[0], (std::pair<std::string, std::string>("a", "a")));
  EXPECT_EQ(trained.tokens.size(), 256U + 3U);
}

TEST(BpeTrainer, GivesExactlySoManyEntriesOrSaysHowManyThereAre) {
  const std::string text = "low lower lowest";
  int32_t possible = 257;
  try {
    train_on(text, 1000);
    FAIL() << "no error";
  } catch (const InvalidInput& error) {
    const std::string message = error.what();
    const size_t at = message.find("give ");
    ASSERT_NE(at, std::string::npos) << message;
    possible = std::stoi(message.substr(at + 5));
  }
  const Tokenizer tokenizer = Tokenizer::parse(to_tokenizer_json(train_on(text, possible)), "trained");
  EXPECT_EQ(tokenizer.vocab_size(), possible);
  EXPECT_EQ(tokenizer.encode(text).size(), 3U);  // each word became a token
  EXPECT_THROW(train_on(text, possible + 1), InvalidInput);
  EXPECT_THROW(train_on(text, 256), InvalidInput);
  EXPECT_EQ(train_on("", 257).merges.size(), 0U);
}

TEST(BpeTrainer, SpecialTokensComeFirst) {
  WordCounter counter;
  counter.add("abab");
  const TrainedBpe trained =
      train_bpe(counter.counts(), {.vocab_size = 259, .special_tokens = {"<|endoftext|>", "<|x|>"}});
  const Tokenizer tokenizer = Tokenizer::parse(to_tokenizer_json(trained), "trained");
  EXPECT_EQ(tokenizer.token_id("<|x|>"), 1);
  EXPECT_EQ(tokenizer.token_id("ab"), 258);
  EXPECT_EQ(tokenizer.encode("<|x|>ab"), (std::vector<int32_t>{1, 258}));
  for (const std::vector<std::string>& wrong : {Strings{"a"}, Strings{""}, Strings{"<s>", "<s>"}}) {
    EXPECT_THROW(train_bpe(counter.counts(), {.vocab_size = 300, .special_tokens = wrong}), InvalidArgument);
  }
}

TEST(WordCounter, TheWordsOfATextInPartsAreThoseOfTheWhole) {
  std::string text;
  for (int i = 0; text.size() < 3'000'000; ++i) {
    text +=
        "words, and  3 spaces\n\nlines\r\n é 漢字" + std::to_string(i * 7919 % 1000) + (i % 5 == 0 ? "\n" : " it's ");
  }
  WordCounter whole;
  PreTokenizer pre_tokenizer(training_pre_tokenizer(), "test");
  RegexScratch scratch;
  WordCounter::Counts expected;
  pre_tokenizer.split(text, scratch, [&](std::string_view word) { ++expected[std::string(word)]; });
  WordCounter parts;
  for (size_t at = 0; at < text.size(); at += 70'001) {
    parts.add_part(std::string_view(text).substr(at, 70'001));
  }
  parts.end_text();
  EXPECT_EQ(parts.counts(), expected);
  EXPECT_EQ(parts.text_bytes(), static_cast<int64_t>(text.size()));
}

TEST(WordCounter, NamesTheByteThatIsNotUtf8) {
  WordCounter counter;
  counter.add_part(std::string(1'500'000, 'a') + " b");
  counter.add_part("\xFF");
  try {
    counter.end_text();
    FAIL() << "no error";
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find("byte 1500002"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace cambium::text
