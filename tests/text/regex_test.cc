#include "cambium/text/regex.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/text/regex_dialect.h"

namespace cambium::text {
namespace {

std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  const Regex regex(pattern, "test");
  RegexScratch scratch;
  std::vector<std::string> found;
  for_each_match(regex, text, scratch,
                 [&](size_t begin, size_t end) { found.emplace_back(text.substr(begin, end - begin)); });
  return found;
}

using Strings = std::vector<std::string>;

TEST(Regex, ClassesAreThoseOfUnicode16) {
  EXPECT_EQ(matches(R"(\s)", "a\u0085b\u180ec\u2028d"), (Strings{"\u0085", "\u2028"}));
  EXPECT_EQ(matches(R"([\s]+|[^\S]x)", " \u180e "), (Strings{" ", " "}));
  EXPECT_EQ(matches(R"(\S)", " \u180e "), (Strings{"\u180e"}));
  EXPECT_EQ(matches(R"(\p{L}+)", "a\U00010D50z \U0001E4D0"), (Strings{"a\U00010D50z", "\U0001E4D0"}));
  EXPECT_EQ(matches(R"([^\p{N}]+)", "a\U0001E4F0b"), (Strings{"a", "b"}));
  EXPECT_EQ(matches(R"(\d)", "1\u0661\u00bd"), (Strings{"1", "\u0661"}));
  EXPECT_EQ(matches(R"(\w+)", "a\u0301_1\u2160\u24b6-b"), (Strings{"a\u0301_1\u2160\u24b6", "b"}));
}

TEST(Regex, EmptyMatchesBehindAMatchDoNotCount) {
  EXPECT_EQ(matches("a*", "baac"), (Strings{"", "aa", ""}));
  EXPECT_EQ(matches("(?=é)", "éé"), (Strings{"", ""}));
}

TEST(Regex, LinesAndCase) {
  EXPECT_EQ(matches("^.", "ab\ncd"), (Strings{"a", "c"}));
  EXPECT_EQ(matches("(?i:'s|'LL)", "'S 'll 'ſ x's"), (Strings{"'S", "'ll", "'ſ", "'s"}));
  EXPECT_EQ(matches("(?i:a)b", "Ab AB"), (Strings{"Ab"}));
}

TEST(Regex, APatternThatExplodesEndsWithAnError) {
  const Regex regex(R"((?:a+a+)+b)", "test");
  RegexScratch scratch;
  EXPECT_THROW(regex.search(std::string(60, 'a') + "cb", 0, scratch), Error);
}

TEST(RegexDialect, WhatCouldMeanSomethingElseIsRefused) {
  for (const char* pattern :
       {R"(\bx)",     R"(\h)",         R"(\R)",      R"(\1)",      R"([a&&b])", R"([a[b]])", R"([\W])",  R"([\P{L}])",
        R"(\p{Han})", R"(\p{Letter})", R"((?<n>a))", R"((*FAIL))", R"((?x)a)",  R"(a{,3})",  R"(a{2}+)", R"({)",
        R"([\s-z])",  R"([+-\s])",     R"([])",      R"(\p)",      R"(\x{})",   R"(\)"}) {
    EXPECT_THROW(to_pcre2(pattern, "test"), InvalidInput) << pattern;
  }
}

TEST(RegexDialect, NamesTheConstructAndItsPlace) {
  try {
    to_pcre2(R"(ab\bc)", "file");
    FAIL() << "no error";
  } catch (const InvalidInput& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(R"(\b at byte 2)"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace cambium::text
