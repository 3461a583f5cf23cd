#include "cambium/report/collect.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "cambium/base/error.h"
#include "cambium/config/cost.h"
#include "cambium/report/measure.h"
#include "cambium/report/naming.h"
#include "cambium/report/read_run.h"
#include "tests/report/files.h"

namespace cambium::report {
namespace {

namespace fs = std::filesystem;

Collection collect_all(const Files& files, const std::string& baseline = "") {
  return collect(std::array{files.root()}, baseline);
}

std::string message_of(const Files& files) {
  try {
    collect_all(files);
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

std::string results(const std::string& model, double accuracy) {
  return "{\"results\":{\"copy\":{\"alias\":\"copy\",\"acc,none\":" + std::to_string(accuracy) +
         ",\"acc_stderr,none\":0.05}},\"configs\":{\"copy\":{\"tag\":[\"primitives\"]}},\"n-shot\":{\"copy\":2},"
         "\"n-samples\":{\"copy\":{\"original\":100,\"effective\":100}},\"config\":{\"limit\":100},\"model_name\":\"" +
         model + "\"}";
}

std::string depth_score(const std::string& model, double score) {
  return "{\"analysis\":\"depth-score\",\"model\":\"" + model +
         "\",\"definition\":\"d\",\"values\":{\"layer_mean\":" + std::to_string(score) + "}}";
}

TEST(Naming, SeedsBehindTheName) {
  const auto name = [](const char* directory, std::optional<uint64_t> seed = {}) {
    const RunName found = name_of_run(directory, seed);
    return found.variant + "|" + found.seed;
  };
  EXPECT_EQ(name("runs/lidas-s2"), "lidas|2");
  EXPECT_EQ(name("runs/lidas-seed12/"), "lidas|12");
  EXPECT_EQ(name("none-1", 1), "none|1");
  EXPECT_EQ(name("depth-12", 1), "depth-12|1");
  EXPECT_EQ(name("baseline", 7), "baseline|7");
  EXPECT_EQ(name("-s3"), "-s3|");
}

TEST(Collect, GroupsRunsIntoVariantsAndSeeds) {
  const Files files;
  write_grown_run(files, "midas-s1", 1, 2.5);
  write_plain_run(files, "zero/baseline-s2", 2, 2.25);
  write_plain_run(files, "zero/baseline-s10", 10, 2.0);
  const Collection collection = collect_all(files);
  ASSERT_EQ(collection.variants.size(), 2U);
  EXPECT_EQ(collection.baseline().name, "baseline");
  ASSERT_EQ(collection.baseline().runs.size(), 2U);
  EXPECT_EQ(collection.baseline().runs[0].seed, "2");
  EXPECT_EQ(collection.baseline().runs[1].seed, "10");
  EXPECT_EQ(collection.variants[1].name, "midas");
  EXPECT_TRUE(collection.variants[1].grows());
  EXPECT_EQ(*collection.variants[1].runs[0].val_loss(), 2.5);
}

TEST(Collect, FlopsFollowTheDepth) {
  const Files files;
  write_grown_run(files, "midas-s1", 1, 2.5);
  const report::Run run = read_run(files.root() / "midas-s1");
  const auto flops = [&](int64_t layers) {
    return config::training_flops_per_token(run.config->model.architecture, layers, 4);
  };
  ASSERT_EQ(run.points.size(), 2U);
  EXPECT_DOUBLE_EQ(run.points[0].flops, 40 * flops(2));
  ASSERT_EQ(run.growths.size(), 1U);
  EXPECT_DOUBLE_EQ(run.growths[0].flops, 80 * flops(2));
  EXPECT_DOUBLE_EQ(run.points[1].flops, 80 * flops(2) + 80 * flops(4));
}

TEST(Collect, SecondsOfRestartsAddUp) {
  const Files files;
  files.write("a/metrics.jsonl", metrics_line(1, 3, 2, 5) + metrics_line(2, 3, 2, 9) + metrics_line(3, 3, 2, 1));
  EXPECT_EQ(read_run(files.root() / "a").points.back().seconds, 10);
}

TEST(Collect, ResultsBelongToTheRunAroundThemOrTheOneTheyName) {
  const Files files;
  write_plain_run(files, "runs/baseline-s1", 1, 2);
  files.write("runs/baseline-s1/eval/results_2026-01-01.json", results("elsewhere", 0.25));
  files.write("runs/baseline-s1/eval/results_2026-01-02.json", results("elsewhere", 0.5));
  files.write("apart/depth-score.json",
              depth_score((files.root() / "runs/baseline-s1/checkpoints/step-00000020").string(), 1.5));
  files.write("foreign/depth-score.json", depth_score("models/their-llama", 3));
  const Collection collection = collect_all(files);
  ASSERT_EQ(collection.variants.size(), 2U);
  const report::Run& run = collection.baseline().runs.front();
  ASSERT_EQ(run.scores.size(), 1U);
  EXPECT_EQ(run.scores[0].value, 50);  // the later file's, in percent
  EXPECT_EQ(run.scores[0].group, "primitives");
  EXPECT_EQ(*run.scores[0].items, 100);
  EXPECT_TRUE(run.analyses.contains("depth-score"));
  EXPECT_EQ(collection.variants[1].name, "their-llama");
}

TEST(Collect, AStudyNamesItsRuns) {
  const Files files;
  write_plain_run(files, "r1", 1, 2);
  write_plain_run(files, "r2", 1, 3);
  files.write("study.json",
              R"({"name": "N", "question": "?", "baseline": "wide", "runs": [)"
              R"({"dir": "r1", "variant": "deep", "seed": 4}, {"dir": "r2", "variant": "wide", "seed": 4}]})");
  const Collection collection = collect_all(files);
  ASSERT_EQ(collection.variants.size(), 2U);
  EXPECT_EQ(collection.baseline().name, "wide");
  EXPECT_EQ(collection.variants[1].name, "deep");
  EXPECT_EQ(collection.variants[1].runs[0].seed, "4");
}

TEST(Collect, TheAskedBaselineMustBeThere) {
  const Files files;
  write_plain_run(files, "a-s1", 1, 2);
  write_grown_run(files, "b-s1", 1, 2);
  EXPECT_EQ(collect_all(files).baseline().name, "a");
  EXPECT_EQ(collect_all(files, "b").baseline().name, "b");
  EXPECT_THROW(collect_all(files, "c"), InvalidInput);
}

TEST(Collect, TwinsTakeTheirFoldersNames) {
  const Files files;
  write_plain_run(files, "x/a-s1", 1, 2);
  write_plain_run(files, "y/a-s1", 1, 3);
  const Collection collection = collect_all(files);
  ASSERT_EQ(collection.variants.size(), 2U);
  EXPECT_EQ(collection.variants[0].name, "x/a");
  EXPECT_EQ(collection.variants[1].name, "y/a");
}

TEST(Collect, BrokenFilesAreNamedWithTheirPlace) {
  const Files files;
  write_plain_run(files, "a-s1", 1, 2);
  files.write("a-s1/metrics.jsonl", metrics_line(1, 2, 4, 1) + "{\"step\": 2,}\n");
  EXPECT_NE(message_of(files).find("a-s1/metrics.jsonl:2"), std::string::npos) << message_of(files);
  files.write("a-s1/metrics.jsonl", metrics_line(1, 2, 4, 1) + "{\"step\": 2, \"tok");  // being written
  EXPECT_EQ(message_of(files), "");
  files.write("a-s1/swap.json", "{\"analysis\": \"swap\"");
  EXPECT_NE(message_of(files).find("swap.json"), std::string::npos) << message_of(files);
  files.write("a-s1/swap.json", "{\"analysis\": \"swap\", \"model\": \"m\", \"definition\": \"d\"}");
  EXPECT_NE(message_of(files).find("values"), std::string::npos) << message_of(files);
}

TEST(Collect, NothingFoundIsAnError) {
  const Files files;
  EXPECT_NE(message_of(files).find("no run"), std::string::npos);
  EXPECT_THROW(collect(std::array{files.root() / "nothing"}), InvalidInput);
}

TEST(Measure, DifferencesArePairedBySeed) {
  const Files files;
  write_plain_run(files, "baseline-s1", 1, 2.0);
  write_plain_run(files, "baseline-s2", 2, 3.0);
  write_plain_run(files, "baseline-s3", 3, 9.0);
  write_grown_run(files, "midas-s2", 2, 2.5);
  write_grown_run(files, "midas-s1", 1, 2.25);
  const Collection collection = collect_all(files);
  const Measure loss = headline_measures(collection).front();
  EXPECT_EQ(loss.name, "validation loss");
  const Difference difference = loss.against_baseline(1);
  EXPECT_EQ(difference.pairs, 2);
  EXPECT_DOUBLE_EQ(difference.mean, (0.25 - 0.5) / 2);
  EXPECT_EQ(reading(difference), "not told apart");
}

}  // namespace
}  // namespace cambium::report
