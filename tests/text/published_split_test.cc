// The hand-written splitters against the regex engine, on random texts.
#include "cambium/text/published_split.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "cambium/base/random.h"
#include "cambium/text/character_classes.h"
#include "cambium/text/regex.h"
#include "cambium/text/tokenizer_spec.h"
#include "cambium/text/utf8.h"

namespace cambium::text {
namespace {

char32_t random_code_point(CounterRandom& random) {
  constexpr std::array<std::string_view, 2> kOften = {" \n\r\t'.,-\"", "stremvdlSTREMVDL"};
  constexpr std::array<char32_t, 24> kCurious = {0x85,   0xA0,   0x17F,  0x180E, 0x1680, 0x2003,  0x2028,  0x2029,
                                                 0x200B, 0x202F, 0x205F, 0x3000, 0xBD,   0x2167,  0x663,   0x966,
                                                 0x301,  0x200D, 0xFEFF, 0xB2,   0x4E00, 0x1F600, 0x1D7CE, 0x212A};
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
      return static_cast<unsigned char>(kOften[0][random.below(kOften[0].size())]);
    case 3:
    case 4:
      return static_cast<unsigned char>(kOften[1][random.below(kOften[1].size())]);
    case 5:
      return static_cast<char32_t>(random.below(0x80));
    case 6:
      return static_cast<char32_t>('0' + random.below(10));
    case 7:
      return kCurious[random.below(kCurious.size())];
    default:
      for (;;) {
        const auto code_point = static_cast<char32_t>(random.below(random.below(2) == 0 ? 0x3000 : 0x110000));
        if (code_point < 0xD800 || code_point >= 0xE000) {
          return code_point;
        }
      }
  }
}

std::string random_text(CounterRandom& random) {
  std::string text;
  for (uint64_t left = random.below(40); left > 0; --left) {
    const char32_t code_point = random_code_point(random);
    for (uint64_t times = random.below(4) == 0 ? 1 + random.below(4) : 1; times > 0; --times) {
      append_utf8(code_point, text);
    }
  }
  return text;
}

using Pieces = std::vector<std::string_view>;

TEST(PublishedSplit, CutsAsTheRegexDoes) {
  for (const std::string_view pattern : {kGpt2Pattern, kLlama3Pattern}) {
    const Regex regex(pattern, "test");
    const std::optional<PublishedSplit> split = PublishedSplit::of(pattern);
    ASSERT_TRUE(split);
    RegexScratch scratch;
    CounterRandom random(17, "published split");
    for (int i = 0; i < 100'000; ++i) {
      const std::string text = random_text(random);
      Pieces expected;
      for_each_match(regex, text, scratch, [&](size_t begin, size_t end) {
        expected.push_back(std::string_view(text).substr(begin, end - begin));
      });
      Pieces pieces;
      split->split(text, [&](std::string_view piece) { pieces.push_back(piece); });
      ASSERT_EQ(pieces, expected) << pattern;
    }
  }
}

TEST(PublishedSplit, CutsPlainEnglish) {
  const auto cut = [](std::string_view pattern, std::string_view text) {
    Pieces pieces;
    PublishedSplit::of(pattern)->split(text, [&](std::string_view piece) { pieces.push_back(piece); });
    return pieces;
  };
  EXPECT_EQ(cut(kGpt2Pattern, "We'll see 'it's  1234.\n\n Yes "),
            (Pieces{"We", "'ll", " see", " '", "it", "'s", " ", " 1234", ".", "\n\n", " Yes", " "}));
  EXPECT_EQ(cut(kLlama3Pattern, "WE'LL see  1234.\n\n Yes"),
            (Pieces{"WE", "'LL", " see", " ", " ", "123", "4", ".\n\n", " Yes"}));
  EXPECT_FALSE(PublishedSplit::of(R"(\s+)"));
}

TEST(CharacterClasses, AreThoseOfTheRegexes) {
  EXPECT_EQ(CharacterClasses::of('a'), CharacterClass::kLetter);
  EXPECT_EQ(CharacterClasses::of(U'½'), CharacterClass::kNumber);
  EXPECT_EQ(CharacterClasses::of(0x3000), CharacterClass::kSpace);
  EXPECT_EQ(CharacterClasses::of(0x180E), CharacterClass::kOther);
  EXPECT_EQ(CharacterClasses::of(0x10D50), CharacterClass::kLetter);  // assigned in Unicode 16
  EXPECT_EQ(CharacterClasses::of(0x10FFFF), CharacterClass::kOther);
}

}  // namespace
}  // namespace cambium::text
