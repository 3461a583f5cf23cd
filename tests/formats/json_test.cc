#include "cambium/formats/json.h"

#include <gtest/gtest.h>

#include <random>

#include "cambium/base/error.h"
#include "tests/support/folder.h"
#include "tests/support/refusal.h"

namespace cambium::formats {
namespace {

std::string nested(int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += i % 2 == 0 ? "[" : "{\"a\":";
  text += "1";
  for (int i = levels - 1; i >= 0; --i) text += i % 2 == 0 ? "]" : "}";
  return text;
}

TEST(ParseJson, KeepsValuesAndTheOrderOfKeys) {
  const Json json =
      parse_json(R"({"b": [1, -2, 3.5, true, null, "x\u00e9"], "a": {"c": {}}, "": 18446744073709551615})", "t");
  EXPECT_EQ(json.dump(), R"({"b":[1,-2,3.5,true,null,"xé"],"a":{"c":{}},"":18446744073709551615})");
  EXPECT_EQ(parse_json(" 7 ", "t"), 7);
  EXPECT_EQ(parse_json("\"\"", "t"), "");
  EXPECT_TRUE(parse_json("[]", "t").empty());
}

TEST(ParseJson, NamesWhatTheByteAndTheReason) {
  EXPECT_REFUSAL(parse_json("{\"a\": 1,}", "config.json"), "config.json", "byte 8");
  EXPECT_REFUSAL(parse_json("", "f.jsonl:3"), "f.jsonl:3", "byte 0");
  EXPECT_REFUSAL(parse_json("{} x", "t"), "byte 3");
  EXPECT_REFUSAL(parse_json("[1, 1e999]", "t"), "1e999");
  EXPECT_REFUSAL(parse_json("[NaN]", "t"), "byte 1");
  EXPECT_REFUSAL(parse_json("\"\xff\"", "t"), "UTF-8");
  EXPECT_REFUSAL(parse_json("\"\xc0\x80\"", "t"), "UTF-8");
  EXPECT_REFUSAL(parse_json("\"\\ud800\"", "t"), "surrogate");
}

TEST(ParseJson, MessagesStayShortAndPrintable) {
  const std::string message = refusal([] { parse_json("\"" + std::string(1 << 20, 'x') + "\xff", "t"); });
  EXPECT_LT(message.size(), 400u);
}

TEST(ParseJson, AllowsSixtyFourLevelsAndNoMore) {
  EXPECT_NO_THROW(parse_json(nested(64), "t"));
  EXPECT_REFUSAL(parse_json(nested(65), "t"), "byte 192", "64 levels");
  EXPECT_REFUSAL(parse_json("{\"[\": \"]\\\"[\", \"a\":" + nested(64) + "}", "t"), "64 levels");
  EXPECT_REFUSAL(parse_json(std::string(50'000'000, '['), "t"), "64 levels");
}

TEST(ParseJson, RefusesDuplicateKeysInSmallAndLargeObjects) {
  EXPECT_REFUSAL(parse_json(R"({"a": 1, "b": {"a": 2}, "a": 3})", "t"), "duplicate", "`a`");
  std::string large = "{";
  for (int i = 0; i < 1000; ++i) large += "\"k" + std::to_string(i) + "\": 0, ";
  EXPECT_EQ(parse_json(large + "\"last\": 1}", "t").size(), 1001u);
  for (const char* twice : {"k3", "k15", "k16", "k999"}) {
    EXPECT_REFUSAL(parse_json(large + "\"" + twice + "\": 1}", "t"), twice);
  }
}

TEST(ParseJson, BuildsLargeObjectsInLinearTime) {
  std::string text = "{\"\": 0";
  for (int i = 0; i < 200'000; ++i) text += ", \"token" + std::to_string(i) + "\": " + std::to_string(i);
  EXPECT_EQ(parse_json(text + "}", "t").size(), 200'001u);  // the quadratic way takes minutes
}

TEST(ParseJson, SurvivesDamage) {
  const std::string valid =
      R"({"vocab": {"a": 0, "\u00e9": 1e3}, "merges": [["a", "b"], "c d"], "x": [[[]], {}, -0.5, true, null]})";
  std::mt19937_64 random(11);
  int parsed = 0, refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = valid;
    for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
      text[random() % text.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (random() % 4 == 0) text.resize(random() % text.size());
    try {
      parse_json(text, "t");
      ++parsed;
    } catch (const InvalidInput&) {
      ++refused;
    }
  }
  EXPECT_GT(parsed, 0);
  EXPECT_GT(refused, 0);
}

TEST(JsonView, ReadsTypedValues) {
  const Json json = parse_json(R"({"i": 5, "f": 2.5, "b": true, "s": "x", "o": {"k": 7}, "n": null, "l": [1]})", "t");
  const JsonView view(json, "config.json");
  EXPECT_EQ(view.integer("i", 1, 5), 5);
  EXPECT_EQ(view.number("f"), 2.5);
  EXPECT_EQ(view.number("i"), 5);
  EXPECT_TRUE(view.boolean("b"));
  EXPECT_EQ(view.string("s"), "x");
  EXPECT_EQ(view.object("o").integer("k", 0, 9), 7);
  EXPECT_EQ(view.list("l"), Json({1}));
  EXPECT_EQ(view.integers("l", 1, 1), std::vector<int64_t>{1});
  EXPECT_EQ(view.seed("i"), 5u);
  EXPECT_TRUE(view.has("i"));
  EXPECT_FALSE(view.has("n"));
  EXPECT_FALSE(view.has("nothing"));
}

TEST(JsonView, NamesFileKeyFoundAndExpected) {
  const Json json = parse_json(R"({"i": 9, "s": "big", "o": {"k": 1.0}, "u": 18446744073709551615, "n": null})", "t");
  const JsonView view(json, "config.json");
  EXPECT_REFUSAL(view.integer("s", 1, 5), "config.json", "key `s`", "an integer from 1 to 5", "found \"big\"");
  EXPECT_REFUSAL(view.integer("i", 1, 5), "key `i`", "found 9");
  EXPECT_REFUSAL(view.integer("u", 0, 5), "found 18446744073709551615");
  EXPECT_REFUSAL(view.integer("n", 0, 5), "found null");
  EXPECT_REFUSAL(view.integer("gone", 0, 5), "key `gone`: missing");
  EXPECT_REFUSAL(view.object("o").integer("k", 0, 5), "key `o.k`", "found 1.0");
  EXPECT_REFUSAL(view.object("i"), "an object");
  EXPECT_REFUSAL(view.boolean("s"), "true or false");
  EXPECT_REFUSAL(view.number("s"), "a number");
  EXPECT_REFUSAL(view.string("i"), "a string");
  EXPECT_REFUSAL(view.list("o"), "key `o`", "expected a list,", "found an object");
  EXPECT_REFUSAL(view.list("gone", "files"), "key `gone`: missing", "a list of files");
  EXPECT_EQ(view.seed("u"), UINT64_MAX);
  EXPECT_REFUSAL(view.seed("s"), "key `s`", "an integer from 0 on");
  EXPECT_REFUSAL(view.seed("gone"), "key `gone`: missing");
  const Json lists = parse_json(R"({"l": [1, 2, 3], "u": [18446744073709551615], "s": [1, "x"]})", "t");
  const JsonView in(lists, "t.json");
  EXPECT_REFUSAL(in.integers("l", 2, 3), "t.json", "key `l`", "integers from 2 to 3", "not 1 among them");
  EXPECT_REFUSAL(in.integers("l", 1, 2), "not 3 among them");
  EXPECT_REFUSAL(in.integers("u", -9, INT64_MAX), "not 18446744073709551615 among them");
  EXPECT_REFUSAL(in.integers("s", 0, 9), "not \"x\" among them");
  const Json list = Json::array({1});
  EXPECT_REFUSAL(JsonView(list, "x.json").has("a"), "x.json", "expected a JSON object", "a list of 1");
}

using JsonFiles = Folder;

TEST_F(JsonFiles, ReadsAndNamesTheFile) {
  EXPECT_EQ(read_json(write("good.json", "[1]")), Json::array({1}));
  EXPECT_REFUSAL(read_json(write("bad.json", "[1")), "bad.json", "byte 2");
  EXPECT_REFUSAL(read_json(folder_ / "gone.json"), "gone.json");
  EXPECT_REFUSAL(read_json(write("long.json", "[1, 2, 3]"), 4), "long.json");
}

}  // namespace
}  // namespace cambium::formats
