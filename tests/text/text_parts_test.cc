// The small parts that the tokenizer is made of.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cambium/text/byte_alphabet.h"
#include "cambium/text/unicode.h"
#include "cambium/text/utf8.h"
#include "cambium/text/word_cache.h"

namespace cambium::text {
namespace {

TEST(ByteAlphabet, IsABijectionWithTheKnownSpellings) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) {
    bytes.push_back(static_cast<char>(byte));
  }
  const std::string spelled = to_byte_alphabet(bytes);
  EXPECT_EQ(from_byte_alphabet(spelled), bytes);
  EXPECT_EQ(to_byte_alphabet(" the\n"), "ĠtheĊ");
  EXPECT_EQ(to_byte_alphabet("é\xAD"), "Ã©Ń");
  EXPECT_EQ(from_byte_alphabet("a b"), std::nullopt);
  EXPECT_EQ(from_byte_alphabet("漢"), std::nullopt);
}

TEST(Utf8, CodePointsGoBothWays) {
  const std::vector<char32_t> code_points = {0x41, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
  std::string text;
  for (const char32_t code_point : code_points) {
    append_utf8(code_point, text);
  }
  std::vector<char32_t> forward;
  for (size_t at = 0; at < text.size();) {
    forward.push_back(next_code_point(text, at));
  }
  EXPECT_EQ(forward, code_points);
  std::vector<char32_t> backward;
  for (size_t end = text.size(); end > 0;) {
    backward.insert(backward.begin(), previous_code_point(text, end));
  }
  EXPECT_EQ(backward, code_points);
}

TEST(Utf8, EachInvalidPartBecomesOneReplacementCharacter) {
  EXPECT_EQ(replace_invalid_utf8("plain é"), "plain é");
  EXPECT_EQ(replace_invalid_utf8("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(replace_invalid_utf8("\xF0\x9F\x99"), "\uFFFD");  // the beginning of an emoji
  EXPECT_EQ(replace_invalid_utf8("\xE2\x82"
                                 "a"),
            "\uFFFD"
            "a");                                                         // cut off by a letter
  EXPECT_EQ(replace_invalid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate: nothing there may begin
  EXPECT_EQ(replace_invalid_utf8("\xC0\x80\x80"), "\uFFFD\uFFFD\uFFFD");
}

TEST(Unicode, NumbersAndWhiteSpace) {
  for (const char32_t number : {U'0', U'9', U'½', U'Ⅷ', U'²', U'٣', U'\U0001E4F0'}) {
    EXPECT_TRUE(is_numeric(number)) << static_cast<uint32_t>(number);
  }
  for (const char32_t other : {U'a', U'/', U':', U'一', U' '}) {
    EXPECT_FALSE(is_numeric(other)) << static_cast<uint32_t>(other);
  }
  EXPECT_TRUE(is_white_space(0x85));
  EXPECT_TRUE(is_white_space(0x3000));
  EXPECT_FALSE(is_white_space(0x180E));
  EXPECT_FALSE(is_white_space(0x200B));
}

TEST(WordCache, KnowsWhatItWasGivenAndForgetsWhenFull) {
  WordCache cache;
  for (int i = 0; i < 100'000; ++i) {
    const std::string word = "word" + std::to_string(i);
    ASSERT_FALSE(cache.find(word));
    cache.insert(word, std::vector<int32_t>{i, i + 1});
    const auto known = cache.find(word);
    ASSERT_TRUE(known);
    ASSERT_EQ(std::vector<int32_t>(known->begin(), known->end()), (std::vector<int32_t>{i, i + 1}));
  }
  const std::string long_word(100, 'x');
  EXPECT_FALSE(cache.find(long_word));
  cache.insert(long_word, std::vector<int32_t>{1});
  EXPECT_FALSE(cache.find(long_word));
}

}  // namespace
}  // namespace cambium::text
