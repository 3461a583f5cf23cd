#include "cambium/base/text.h"

#include <gtest/gtest.h>

#include "cambium/base/hash.h"
#include "cambium/base/progress.h"

namespace cambium {
namespace {

TEST(Utf8, FindsTheFirstInvalidByte) {
  EXPECT_EQ(find_invalid_utf8("plain, äöü, 漢字, 🌳"), std::string_view::npos);
  EXPECT_EQ(find_invalid_utf8("0123456789ab\xff"), 12U);
  EXPECT_EQ(find_invalid_utf8("\xc0\xaf"), 0U);          // overlong
  EXPECT_EQ(find_invalid_utf8("a\xed\xa0\x80"), 1U);     // surrogate
  EXPECT_EQ(find_invalid_utf8("\xf4\x90\x80\x80"), 0U);  // past U+10FFFF
  EXPECT_EQ(find_invalid_utf8("ab\xe6\xbc"), 2U);        // cut short
}

TEST(Nearest, NamesATypoButNotAStranger) {
  const std::vector<std::string> known{"train.micro_batch", "train.batch_tokens", "run.dir"};
  EXPECT_EQ(nearest("train.micro_bach", known), "train.micro_batch");
  EXPECT_EQ(nearest("zzzzzzzz", known), "");
  EXPECT_EQ(did_you_mean("train.micro_bach", known), "; did you mean `train.micro_batch`?");
  EXPECT_EQ(did_you_mean("zzzzzzzz", known), "");
}

TEST(Hash, MatchesTheReferenceTool) {
  EXPECT_EQ(hash_hex(""), "99aa06d3014798d86001c324468d497f");  // xxhsum -H2 of an empty file
  Hasher pieces;
  pieces.update(std::string_view("cam"));
  pieces.update(std::string_view("bium"));
  EXPECT_EQ(pieces.hex(), hash_hex("cambium"));
}

TEST(Numbers, ReadWell) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(361821120), "361,821,120");
  EXPECT_EQ(format_count(-1234), "-1,234");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1500), "1.5 kB");
  EXPECT_EQ(format_duration(1.5), "1.5 s");
  EXPECT_EQ(format_duration(125), "2:05");
  EXPECT_EQ(format_duration(3723), "1:02:03");
}

}  // namespace
}  // namespace cambium
