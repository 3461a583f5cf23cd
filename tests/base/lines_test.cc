#include "cambium/base/lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cambium {
namespace {

TEST(TakeLines, LeavesOutWhatWasCutOff) {
  std::vector<std::string> seen;
  const auto take = [&](std::string_view line) {
    seen.emplace_back(line);
    return true;
  };
  EXPECT_EQ(take_lines("one\n\ntwo\nthr", take), 9u);
  EXPECT_EQ(seen, (std::vector<std::string>{"one", "", "two"}));
  EXPECT_EQ(take_lines("", take), 0u);
  EXPECT_EQ(take_lines("no end", take), 0u);
}

TEST(TakeLines, EndsWhereOneIsRefused) {
  EXPECT_EQ(take_lines("a\nb\nc\n", [](std::string_view line) { return line != "b"; }), 2u);
}

}  // namespace
}  // namespace cambium
