#include "cambium/analysis/prompt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "cambium/base/error.h"
#include "tests/support/folder.h"

namespace cambium::analysis {
namespace {

class Prompts : public Folder {
 protected:
  PromptSet read(std::string_view lines) const { return read_prompts(write("p.jsonl", lines), nullptr, 50, 1); }
  /// The message that refuses the lines.
  std::string refusal(std::string_view lines) const {
    try {
      read(lines);
    } catch (const InvalidInput& error) {
      return error.what();
    }
    return "accepted";
  }
  void expect_refused(std::string_view lines, std::initializer_list<std::string_view> words) const {
    const std::string message = refusal(lines);
    for (const std::string_view word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << message << " lacks " << word;
    }
  }
};

TEST_F(Prompts, AreReadWithTheirCutsAndGroups) {
  const PromptSet set = read("{\"ids\": [1, 2, 3, 49], \"cuts\": [3, 1, 3], \"group\": 2}\n{\"ids\": [7]}\n");
  ASSERT_EQ(set.prompts.size(), 2);
  EXPECT_EQ(set.prompts[0].ids, (std::vector<int32_t>{1, 2, 3, 49}));
  EXPECT_EQ(set.prompts[0].cuts, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(set.prompts[0].group, "2");
  EXPECT_EQ(set.tokens(), 5);
  EXPECT_EQ(set.targets(), 3);
  EXPECT_NE(set.hash, read("{\"ids\": [1, 2, 3, 49]}\n{\"ids\": [7]}\n").hash);
}

TEST_F(Prompts, ThatAreWrongAreRefusedWithThePlace) {
  expect_refused("", {"p.jsonl", "empty"});
  expect_refused("{\"ids\": [1]}\n{\"ids\": [50]}\n", {"line 2", "ids", "49", "50"});
  expect_refused("{\"ids\": []}\n", {"line 1", "ids"});
  expect_refused("{\"ids\": [1, -2]}\n", {"ids", "-2"});
  expect_refused("{\"ids\": [1, 2], \"cuts\": [2]}\n", {"cuts", "from 1 to 1", "2"});
  expect_refused("{\"ids\": [1, 2], \"text\": \"x\"}\n", {"either"});
  expect_refused("{\"text\": \"x\"}\n", {"tokenizer"});
  expect_refused("{\"ids\": [1, 2], \"group\": [1]}\n", {"group"});
}

TEST(Cuts, AreAtMostFourMultiplesOfEightBeforeTheLastTokens) {
  EXPECT_TRUE(draw_cuts(12, 1, 0).empty());
  EXPECT_EQ(draw_cuts(13, 1, 0), (std::vector<int64_t>{8}));
  EXPECT_EQ(draw_cuts(37, 1, 0), (std::vector<int64_t>{8, 16, 24, 32}));
  const std::vector<int64_t> some = draw_cuts(256, 7, 3);
  ASSERT_EQ(some.size(), 4);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_EQ(std::adjacent_find(some.begin(), some.end()), some.end());
  for (const int64_t cut : some) {
    EXPECT_EQ(cut % 8, 0);
    EXPECT_LT(cut, 252);
  }
  EXPECT_EQ(some, draw_cuts(256, 7, 3));
  EXPECT_NE(some, draw_cuts(256, 8, 3));
}

}  // namespace
}  // namespace cambium::analysis
