#include "cambium/data/count_words.h"

#include <gtest/gtest.h>

#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

/// Words of ASCII and others, line breaks and digits, `bytes` or a few more.
std::string some_text(size_t bytes, uint32_t seed) {
  static constexpr const char* kPieces[] = {"alpha", " beta", "  gamma", "\n", " 1234",
                                            "ä",     " 語",   "'s",      ", ", ".\n\n"};
  std::string text;
  while (text.size() < bytes) {
    seed = seed * 1664525 + 1013904223;
    text += kPieces[(seed >> 16) % std::size(kPieces)];
  }
  return text;
}

class CountWords : public testing::Test {
 protected:
  CountedWords count(int workers, bool skip_bad_lines = false) const {
    return count_words(find_inputs({folder_.path()}).files, {.skip_bad_lines = skip_bad_lines, .workers = workers});
  }
  TemporaryFolder folder_;
};

TEST_F(CountWords, AreThoseOfTheDocumentsWhateverTheNumberOfThreads) {
  text::WordCounter expected;
  const std::string large = some_text(5'000'000, 1);  // several pieces
  write_text(folder_ / "a.txt", large);
  expected.add(large);
  std::string lines;
  for (uint32_t i = 0; i < 2000; ++i) {
    const std::string document = some_text(i, i);
    lines += formats::Json{{"text", document}}.dump() + "\n";
    expected.add(document);
  }
  write_text(folder_ / "b.jsonl", lines);
  for (const int workers : {1, 2, 5}) {
    const CountedWords found = count(workers);
    EXPECT_EQ(found.counts, expected.counts()) << workers << " workers";
    EXPECT_EQ(found.text_bytes, expected.text_bytes());
  }
}

TEST_F(CountWords, NamesWhatIsWrong) {
  std::string text = some_text(3'000'000, 2);
  text[2'500'000] = '\xFF';
  write_text(folder_ / "a.txt", text);
  EXPECT_NE(refusal([&] { count(2); }).find("a.txt: byte 2500000: invalid UTF-8"), std::string::npos);
  write_text(folder_ / "a.txt", "fine");
  write_text(folder_ / "b.jsonl", "{\"text\": \"one\"}\n{\"text\": 2}\n\n{\"txt\": \"three\"}\n");
  EXPECT_NE(refusal([&] { count(2); }).find("b.jsonl:2"), std::string::npos);
  const CountedWords found = count(2, true);
  EXPECT_EQ(found.bad.count, 2);
  EXPECT_NE(found.bad.first.find("b.jsonl:2"), std::string::npos);
  EXPECT_EQ(found.counts.size(), 2u);
}

}  // namespace
}  // namespace cambium::data
