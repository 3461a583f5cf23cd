#include "cambium/train/metrics.h"

#include <cmath>
#include <limits>

#include "cambium/base/error.h"
#include "cambium/base/fault.h"
#include "tests/train/tiny.h"

namespace cambium::train {
namespace {

constexpr const char* kLines =
    "{\"step\":1,\"loss\":3.0}\n"
    "{\"step\":2,\"loss\":2.5}\n"
    "{\"event\":\"growth\",\"step\":2}\n"
    "{\"step\":3,\"loss\":2.0,\"val_loss\":2.25}\n"
    "{\"event\":\"skipped\",\"step\":4}\n"
    "{\"event\":\"growth\",\"step\":4}\n";

size_t lines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST(LinesUpTo, KeepsTheStepsThatACheckpointHolds) {
  EXPECT_EQ(lines(lines_up_to(kLines, 0, 0)), 0u);
  EXPECT_EQ(lines(lines_up_to(kLines, 1, 0)), 1u);
  EXPECT_EQ(lines(lines_up_to(kLines, 3, 1)), 4u);
  EXPECT_EQ(lines(lines_up_to(kLines, 4, 1)), 5u);
  EXPECT_EQ(lines_up_to(kLines, 4, 2), kLines);
}

TEST(LinesUpTo, TellsRightBeforeAGrowthFromRightAfter) {
  EXPECT_EQ(lines(lines_up_to(kLines, 2, 0)), 2u);
  EXPECT_EQ(lines(lines_up_to(kLines, 2, 1)), 3u);
}

TEST(LinesUpTo, DropsALineThatWasCutShortAndAllBehindIt) {
  const std::string content = kLines;
  EXPECT_EQ(lines(lines_up_to(content.substr(0, content.size() - 1), 9, 9)), 5u);
  EXPECT_EQ(lines_up_to("{\"step\":1}\n{\"st\n{\"step\":2}\n", 9, 9), "{\"step\":1}\n");
  EXPECT_EQ(lines_up_to("{\"step\":1}\n3\n{\"step\":2}\n", 9, 9), "{\"step\":1}\n");
  EXPECT_EQ(lines_up_to("{\"step\":\"one\"}\n", 9, 9), "");
}

TEST(LinesUpTo, TakesEventsOfAnyType) { EXPECT_EQ(lines(lines_up_to("{\"event\":3,\"step\":1}\n", 9, 0)), 1u); }

class MetricsFile : public Folder {
 protected:
  int event_files() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      count += entry.path().filename().string().starts_with("events.out.tfevents.") ? 1 : 0;
    }
    return count;
  }
  static StepMetrics step(int64_t n, double loss) {
    return {.step = n,
            .tokens = 10 * n,
            .loss = loss,
            .grad_norm = 1,
            .lr = 0.1,
            .layers = 2,
            .tokens_per_second = 5,
            .mfu = 0.5,
            .seconds = 1,
            .data_wait = 0,
            .val_loss = {}};
  }
};

TEST_F(MetricsFile, GoesOnBehindACheckpoint) {
  write("metrics.jsonl", kLines);
  Metrics metrics(folder_, /*step=*/2, /*events=*/1, /*tensorboard=*/false);
  metrics.log(step(3, 1.5));
  EXPECT_EQ(lines(read("metrics.jsonl")), 4u);  // flushed at once
  EXPECT_NE(read("metrics.jsonl").find("\"loss\":1.5"), std::string::npos);
  EXPECT_EQ(event_files(), 0);
}

TEST_F(MetricsFile, WritesNullForWhatJsonCannotSay) {
  Metrics metrics(folder_, 0, 0, false);
  metrics.log(step(1, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_NE(read("metrics.jsonl").find("\"loss\":null"), std::string::npos);
}

TEST_F(MetricsFile, TellsTensorBoardThatTheRunGoesOn) {
  { Metrics(folder_, 0, 0, true).log(step(1, 2)); }
  const auto first = std::filesystem::directory_iterator(folder_)->path();
  { Metrics(folder_, 0, 0, true).log(step(1, 2)); }
  EXPECT_EQ(event_files(), 2);
  uintmax_t smallest = UINTMAX_MAX, largest = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().filename() != "metrics.jsonl") {
      smallest = std::min(smallest, entry.file_size());
      largest = std::max(largest, entry.file_size());
    }
  }
  EXPECT_GT(largest, smallest);  // by the record that tells so
}

TEST_F(MetricsFile, WaitsForRoom) {
  Metrics metrics(folder_, 0, 0, false);
  metrics.log(step(1, 4));
  fault::arm(fault::Kind::kShort, 1);
  metrics.log(step(2, 3));
  metrics.log(step(3, 2));
  EXPECT_THROW(metrics.sync(), DiskFull);
  fault::arm(fault::Kind::kNone, 0);
  metrics.log(step(4, 1));
  const std::string content = read("metrics.jsonl");
  EXPECT_EQ(lines(content), 4u);
  EXPECT_EQ(lines_up_to(content, 4, 0), content);  // each line whole
}

TEST_F(MetricsFile, GivesTheFinalLosses) {
  EXPECT_TRUE(std::isnan(read_final_losses(folder_).train));
  write("metrics.jsonl", kLines);
  EXPECT_EQ(read_final_losses(folder_).train, 2.0);
  EXPECT_EQ(read_final_losses(folder_).val, 2.25);
  write("metrics.jsonl", "{\"loss\":null}\n");
  EXPECT_TRUE(std::isnan(read_final_losses(folder_).train));
}

}  // namespace
}  // namespace cambium::train
