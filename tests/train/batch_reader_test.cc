#include "cambium/train/batch_reader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/data/test_support.h"
#include "tests/support/refusal.h"

namespace cambium::train {
namespace {

constexpr int64_t kSeq = 8, kSequences = 6, kMicroBatch = 2, kSteps = 5;

class BatchReaders : public testing::Test {
 protected:
  BatchReaders() {
    data::write_numbers(folder_ / "one", 40, kSeq, 1000, 1);
    data::write_numbers(folder_ / "two", 10, kSeq, 1000, 2);
  }
  data::Mixture mixture() const {
    std::vector<data::Source> sources;
    sources.push_back({"one", data::TokenDataset::open(folder_ / "one"), 2});
    sources.push_back({"two", data::TokenDataset::open(folder_ / "two"), 1});
    return {std::move(sources), kSeq, kSequences, /*seed=*/5, /*shuffle=*/true};
  }
  TemporaryFolder folder_;
};

TEST_F(BatchReaders, GiveTheBatchesOfTheMixtureInOrder) {
  const data::Mixture source = mixture();
  for (const int64_t first : {0, 3}) {
    BatchReader reader(source, {0, kSequences}, kMicroBatch, first, kSteps);
    for (int64_t step = first; step < kSteps; ++step) {
      for (int64_t at = 0; at < kSequences; at += kMicroBatch) {
        const Batch wanted = read_batch(source, source.batch(step), at, at + kMicroBatch, kMicroBatch),
                    found = reader.next();
        EXPECT_TRUE(at::equal(found.ids, wanted.ids)) << "step " << step << ", sequence " << at;
        EXPECT_TRUE(at::equal(found.targets, wanted.targets));
        EXPECT_EQ(found.target_tokens, kMicroBatch * kSeq);
      }
    }
    EXPECT_THROW(reader.next(), InvalidArgument);
  }
}

TEST_F(BatchReaders, StopWithBatchesUnread) {
  const data::Mixture source = mixture();
  BatchReader(source, {0, kSequences}, kMicroBatch, 0, 1000).next();
  const BatchReader unread(source, {0, kSequences}, kMicroBatch, 0, 1000);
}

TEST_F(BatchReaders, TellOfDamageWhereItIsMet) {
  const data::Mixture source = mixture();
  const auto path = folder_ / "one/train-tokens-00000.bin";
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary) << std::string(2, '\xFF');
  EXPECT_REFUSAL(
      [&] {
        BatchReader reader(source, {0, kSequences}, kMicroBatch, 0, 100);
        for (int64_t i = 0; i < 100 * kSequences / kMicroBatch; ++i) {
          reader.next();
        }
      }(),
      "train-tokens-00000.bin", "byte offset 0", "65535");
}

}  // namespace
}  // namespace cambium::train
