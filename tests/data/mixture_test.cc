#include "cambium/data/mixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "cambium/base/error.h"
#include "cambium/data/prepare.h"
#include "tests/data/test_support.h"

namespace cambium::data {
namespace {

class MixtureTest : public testing::Test {
 protected:
  /// 8 tokens a document; windows of 4 + 1 tokens.
  Source source(const std::string& name, int documents, double weight = 1, int64_t from = 0, int64_t to = INT64_MAX) {
    if (!std::filesystem::exists(folder_ / name))
      write_numbers(folder_ / name, documents, 8, 100, static_cast<int>(name.size()));
    return {name, TokenDataset::open(folder_ / name), weight, from, to};
  }
  std::vector<Source> three() {
    std::vector<Source> sources;
    sources.push_back(source("a", 20, 0.7));
    sources.push_back(source("bb", 9, 0.2));
    sources.push_back(source("ccc", 5, 0.1));
    return sources;
  }
  TemporaryFolder folder_;
};

TEST_F(MixtureTest, WithoutShufflingBatchNIsWindowsNTimesB) {
  std::vector<Source> sources;
  sources.push_back(source("a", 20));
  const Mixture mixture(std::move(sources), 4, 3, 1, false);
  const int64_t windows = (20 * 8 - 1) / 4;  // 39
  for (int64_t step = 0; step < 40; ++step) {
    const auto batch = mixture.batch(step);
    ASSERT_EQ(batch.size(), 3u);
    for (int64_t i = 0; i < 3; ++i) {
      EXPECT_EQ(batch[static_cast<size_t>(i)], (WindowRef{0, (step * 3 + i) % windows, (step * 3 + i) / windows}));
    }
  }
}

TEST_F(MixtureTest, AWindowIsTheStreamAtItsPlace) {
  std::vector<Source> sources;
  sources.push_back(source("a", 20));
  const Mixture mixture(std::move(sources), 4, 1, 1, false);
  const auto first = mixture.window({0, 0, 0}), second = mixture.window({0, 1, 0});
  EXPECT_EQ(first, (std::vector<int32_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(second, (std::vector<int32_t>{5, 6, 7, 256, 8}));  // begins with the last of the first; 256 ends the text
}

TEST_F(MixtureTest, EachWindowOnceAnEpoch) {
  const Mixture mixture(three(), 4, 7, 5, true);
  std::vector<std::map<int64_t, std::set<int64_t>>> seen(3);
  for (int64_t step = 0; step < 60; ++step) {
    for (const WindowRef& ref : mixture.batch(step)) {
      EXPECT_TRUE(seen[static_cast<size_t>(ref.source)][ref.epoch].insert(ref.window).second);
      EXPECT_LT(ref.window, mixture.sources()[static_cast<size_t>(ref.source)].dataset.num_windows(4));
    }
  }
  for (size_t s = 0; s < 3; ++s) {
    const int64_t last_epoch = seen[s].rbegin()->first;
    EXPECT_GT(last_epoch, 0);
    for (const auto& [epoch, windows] : seen[s]) {
      if (epoch < last_epoch) {
        EXPECT_EQ(std::ssize(windows), mixture.sources()[s].dataset.num_windows(4)) << s << " " << epoch;
      }
    }
  }
}

TEST_F(MixtureTest, EpochsAndSeedsHaveTheirOwnOrder) {
  const auto order = [&](uint64_t seed, int64_t first_step) {
    std::vector<Source> sources;
    sources.push_back(source("a", 20));
    const Mixture mixture(std::move(sources), 4, 39, seed, true);
    std::vector<int64_t> windows;
    for (const WindowRef& ref : mixture.batch(first_step)) windows.push_back(ref.window);
    return windows;
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
}

TEST_F(MixtureTest, TheSameTextFromAnotherFolderGivesTheSameBatches) {
  const auto tokenizer = byte_tokenizer();
  const auto batches = [&](const std::string& place, const std::string& text) {
    write_text(folder_ / place / "in.txt", text);
    PrepareOptions options;
    options.inputs = {folder_ / place / "in.txt"};
    options.out = folder_ / place / "tokens";
    options.workers = 1;
    prepare(tokenizer, options);
    std::vector<Source> sources;
    sources.push_back({place, TokenDataset::open(options.out)});
    const Mixture mixture(std::move(sources), 4, 7, 5, true);
    std::vector<WindowRef> refs;
    for (int64_t step = 0; step < 60; ++step) {
      for (const WindowRef& ref : mixture.batch(step)) refs.push_back(ref);
    }
    return refs;
  };
  const std::string text = "the same text, long enough for a few windows of four tokens each, in any folder";
  EXPECT_EQ(batches("one", text), batches("elsewhere/two", text));
  EXPECT_NE(batches("one-more", text), batches("three", std::string(text.rbegin(), text.rend())));
}

TEST_F(MixtureTest, WeightsHoldToWithinOneWindowAtEveryStep) {
  const Mixture mixture(three(), 4, 7, 5, true);
  std::vector<int64_t> counts(3, 0);
  const double weights[] = {0.7, 0.2, 0.1};
  for (int64_t step = 0; step < 200; ++step) {
    EXPECT_EQ(mixture.windows_before(step), counts);
    for (int s = 0; s < 3; ++s) {
      EXPECT_LE(
          std::abs(static_cast<double>(counts[static_cast<size_t>(s)]) - weights[s] * static_cast<double>(step * 7)), 1)
          << step;
    }
    for (const WindowRef& ref : mixture.batch(step)) ++counts[static_cast<size_t>(ref.source)];
  }
}

TEST_F(MixtureTest, DoesNotDependOnHistory) {
  const Mixture walked(three(), 4, 7, 5, true);
  for (int64_t step = 0; step < 50; ++step) walked.batch(step);
  const Mixture fresh(three(), 4, 7, 5, true);
  EXPECT_EQ(walked.batch(50), fresh.batch(50));
  EXPECT_EQ(fresh.batch(1'000'000'000).size(), 7u);
}

TEST_F(MixtureTest, PhasesChangeTheMixtureAndKeepThePlaceInEachSource) {
  const auto phases = [&] {
    std::vector<Source> sources;
    sources.push_back(source("a", 20, 3));
    sources.push_back(source("bb", 9, 1, 0, 10));
    sources.push_back(source("ccc", 5, 1, 10));
    return sources;
  };
  const Mixture mixture(phases(), 4, 4, 5, false);
  EXPECT_EQ(mixture.windows_before(10), (std::vector<int64_t>{30, 10, 0}));
  EXPECT_EQ(mixture.windows_before(20), (std::vector<int64_t>{60, 10, 10}));
  for (const WindowRef& ref : mixture.batch(10)) EXPECT_NE(ref.source, 1);
  int64_t expected = 30;
  for (int64_t step = 10; step < 14; ++step) {
    for (const WindowRef& ref : mixture.batch(step)) {
      if (ref.source != 0) continue;
      EXPECT_EQ(ref.window, expected % 39);
      ++expected;
    }
  }
}

TEST_F(MixtureTest, TheSameDataInTwoPhasesGoesOnWhereItStopped) {
  std::vector<Source> sources;
  sources.push_back(source("a", 20, 1, 0, 5));
  sources.push_back(source("a", 20, 2, 5));
  const Mixture mixture(std::move(sources), 4, 3, 5, true);
  std::set<int64_t> seen;
  for (int64_t step = 0; step < 13; ++step) {
    for (const WindowRef& ref : mixture.batch(step)) {
      EXPECT_EQ(ref.source, step < 5 ? 0 : 1);
      EXPECT_EQ(ref.epoch, 0);
      seen.insert(ref.window);
    }
  }
  EXPECT_EQ(seen.size(), 39u);
}

TEST_F(MixtureTest, RefusesWhatCannotWork) {
  const auto make = [&](double weight, int64_t from, int64_t to, int64_t length) {
    return refusal([&] {
      std::vector<Source> sources;
      sources.push_back(source("a", 20));
      sources.back().weight = weight;
      sources.back().from_step = from;
      sources.back().to_step = to;
      Mixture(std::move(sources), length, 2, 1, true);
    });
  };
  EXPECT_EQ(make(1, 0, INT64_MAX, 4), "");
  EXPECT_NE(make(0, 0, INT64_MAX, 4).find("source a: weight 0"), std::string::npos);
  EXPECT_NE(make(-1, 0, INT64_MAX, 4).find("weight -1"), std::string::npos);
  EXPECT_NE(make(1, 0, INT64_MAX, 160).find("160 tokens, too few"), std::string::npos);
  EXPECT_NE(make(1, 3, INT64_MAX, 4).find("no source covers steps 0 to 2"), std::string::npos);
  EXPECT_NE(make(1, 5, 5, 4).find("steps 5 to 5"), std::string::npos);
  EXPECT_NE(refusal([] { Mixture({}, 4, 2, 1, true); }).find("no source"), std::string::npos);

  std::vector<Source> ending;
  ending.push_back(source("a", 20, 1, 0, 10));
  const Mixture mixture(std::move(ending), 4, 2, 1, true);
  EXPECT_EQ(mixture.batch(9).size(), 2u);
  EXPECT_NE(refusal([&] { mixture.batch(10); }).find("step 10"), std::string::npos);
}

}  // namespace
}  // namespace cambium::data
