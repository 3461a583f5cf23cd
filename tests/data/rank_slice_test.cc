// The same batches for any number of ranks, and however often a run was started.
#include "cambium/data/rank_slice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "cambium/base/hash.h"
#include "cambium/data/mixture.h"
#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

constexpr int64_t kSequences = 12, kLength = 16, kSteps = 1001;

class RankSliceTest : public testing::Test {
 protected:
  void SetUp() override {
    write_numbers(folder_ / "large", 900, 50);
    write_numbers(folder_ / "small", 60, 21, kShardTokens, 100);
    write_numbers(folder_ / "late", 100, 33, kShardTokens, 7);
  }
  Mixture mixture() const {
    std::vector<Source> sources;
    sources.push_back({"large", TokenDataset::open(folder_ / "large"), 0.7, 0, INT64_MAX});
    sources.push_back({"small", TokenDataset::open(folder_ / "small"), 0.3, 0, INT64_MAX});
    sources.push_back({"late", TokenDataset::open(folder_ / "late"), 0.55, 600, INT64_MAX});
    return Mixture(std::move(sources), kLength, kSequences, 5, true);
  }
  static void add(Hasher& hasher, const Mixture& mixture, const WindowRef& ref) {
    const std::vector<int32_t> window = mixture.window(ref);
    hasher.update(std::as_bytes(std::span(window)));
  }
  TemporaryFolder folder_;
};

TEST_F(RankSliceTest, BatchesDoNotDependOnRanksOrRestarts) {
  std::vector<std::string> hashes;
  for (const int64_t ranks : {1, 2, 4, 5}) {
    for (const int64_t restart_every : {kSteps, int64_t{97}}) {
      Hasher all;
      Mixture source = mixture();
      for (int64_t step = 0; step < kSteps; ++step) {
        if (step % restart_every == 0) source = mixture();
        for (int64_t rank = 0; rank < ranks; ++rank) {
          const std::vector<WindowRef> batch = source.batch(step);
          const Slice slice = rank_slice(kSequences, rank, ranks);
          for (int64_t i = slice.begin; i < slice.end; ++i) add(all, source, batch[static_cast<size_t>(i)]);
        }
      }
      hashes.push_back(all.hex());
    }
  }
  for (const std::string& hash : hashes) EXPECT_EQ(hash, hashes.front());
}

TEST_F(RankSliceTest, CountsFollowTheWeightsToWithinAWindow) {
  const Mixture source = mixture();
  std::vector<int64_t> counted(3, 0);
  for (int64_t step = 0; step < kSteps; ++step) {
    EXPECT_EQ(source.windows_before(step), counted);
    const auto before = [&](double weight, double sum, int64_t steps) {
      return weight / sum * static_cast<double>(steps * kSequences);
    };
    const int64_t first = std::min<int64_t>(step, 600), second = step - first;
    const double expected[] = {before(0.7, 1, first) + before(0.7, 1.55, second),
                               before(0.3, 1, first) + before(0.3, 1.55, second), before(0.55, 1.55, second)};
    for (size_t s = 0; s < 3; ++s) {
      EXPECT_LT(std::abs(static_cast<double>(counted[s]) - expected[s]), second == 0 || s == 2 ? 1.0 : 2.0);
    }
    for (const WindowRef& ref : source.batch(step)) ++counted[static_cast<size_t>(ref.source)];
  }
}

TEST(RankSlice, CoversTheBatch) {
  for (const int64_t ranks : {1, 3, 7, 16}) {
    int64_t next = 0;
    for (int64_t rank = 0; rank < ranks; ++rank) {
      const Slice slice = rank_slice(16, rank, ranks);
      EXPECT_EQ(slice.begin, next);
      EXPECT_GE(slice.end - slice.begin, 16 / ranks);
      next = slice.end;
    }
    EXPECT_EQ(next, 16);
  }
  EXPECT_THROW(rank_slice(3, 0, 4), InvalidArgument);
  EXPECT_THROW(rank_slice(4, 4, 4), InvalidArgument);
}

}  // namespace
}  // namespace cambium::data
