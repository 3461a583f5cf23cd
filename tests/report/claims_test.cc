#include "cambium/report/claims.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/report/files.h"

namespace cambium::report {
namespace {

using Verdict = Claim::Verdict;

void write_analysis(const Files& files, const std::string& run, const std::string& name, const std::string& values) {
  files.write(run + "/" + name + ".json",
              "{\"analysis\":\"" + name + "\",\"model\":\"m\",\"definition\":\"d\",\"values\":{" + values + "}}");
}

std::vector<Claim> claims_of(const Files& files) {
  const std::array directories{files.root()};
  return find_claims(collect(directories));
}

const Claim* about(const std::vector<Claim>& claims, std::string_view word) {
  for (const Claim& claim : claims) {
    if (claim.statement.find(word) != std::string::npos) {
      return &claim;
    }
  }
  return nullptr;
}

TEST(Claims, GrownAgainstFullDepthBySeed) {
  Files files;
  const std::array full{1.0, 1.1, 1.2}, grown{1.5, 1.62, 1.71};
  for (int seed = 1; seed <= 3; ++seed) {
    const std::string number = std::to_string(seed);
    write_plain_run(files, "baseline-s" + number, seed, 2.0);
    write_grown_run(files, "midas-s" + number, seed, 2.0 + 0.001 * seed);
    const auto score = [](double value) { return "\"layer_mean\":" + std::to_string(value); };
    write_analysis(files, "baseline-s" + number, "depth-score", score(full[static_cast<size_t>(seed - 1)]));
    write_analysis(files, "midas-s" + number, "depth-score", score(grown[static_cast<size_t>(seed - 1)]));
  }
  const std::vector<Claim> claims = claims_of(files);
  const Claim* depth = about(claims, "depth score");
  ASSERT_NE(depth, nullptr);
  ASSERT_EQ(depth->comparisons.size(), 1u);  // there is no LIDAS
  const Difference& difference = depth->comparisons[0].difference;
  EXPECT_EQ(difference.pairs, 3);
  EXPECT_NEAR(difference.mean, 0.51, 1e-12);
  // Differences 0.5, 0.52, 0.51: deviation 0.01, reach 4.30265 * 0.01 / sqrt(3).
  EXPECT_NEAR(difference.t_high - difference.mean, 0.0248414, 1e-6);
  EXPECT_EQ(depth->verdict(difference), Verdict::kAgrees);
  const Claim* loss = about(claims, "loss");
  ASSERT_NE(loss, nullptr);
  EXPECT_EQ(loss->verdict(loss->comparisons[0].difference), Verdict::kAgrees);  // 0.002 worse, 0.02 allowed
  EXPECT_EQ(about(claims, "symmetric"), nullptr);
}

TEST(Claims, VerdictsGoByTheIntervalTheSignAndTheMargin) {
  const auto verdict = [](double sign, double margin, double low, double high) {
    Claim claim{.statement = "", .quantity = "", .measure = {}, .sign = sign, .margin = margin, .comparisons = {}};
    Difference difference{.mean = (low + high) / 2, .low = low, .high = high, .pairs = 3};
    difference.t_low = low;
    difference.t_high = high;
    return claim.verdict(difference);
  };
  EXPECT_EQ(verdict(+1, 0, 0.1, 0.3), Verdict::kAgrees);
  EXPECT_EQ(verdict(+1, 0, -0.1, 0.3), Verdict::kOpen);
  EXPECT_EQ(verdict(+1, 0, -0.3, -0.1), Verdict::kDisagrees);
  EXPECT_EQ(verdict(-1, 0, -0.3, -0.1), Verdict::kAgrees);
  EXPECT_EQ(verdict(-1, 0, 0.1, 0.3), Verdict::kDisagrees);
  EXPECT_EQ(verdict(+1, 2, -1, 1), Verdict::kAgrees);
  EXPECT_EQ(verdict(+1, 2, -3, 1), Verdict::kOpen);
  EXPECT_EQ(verdict(-1, 0.02, 0.03, 0.05), Verdict::kDisagrees);
}

TEST(Claims, WhatIsMeasured) {
  Files files;
  write_grown_run(files, "midas-s1", 1, 2.0);
  write_analysis(files, "midas-s1", "remove", "\"baseline_nll\":1,\"nll\":[[9,9],[9,9],[2,9],[1.5,null]]");
  write_analysis(files, "midas-s1", "early-exit", "\"logit_agreement\":[0,0.1,0.4,0.7,1]");
  write_analysis(files, "midas-s1", "swap",
                 "\"baseline_nll\":1,\"nll_blocks\":[[1,8,8,8],[8,1,1.25,8],[8,1.25,1,8],[8,8,8,1]]");
  write_analysis(files, "midas-s1", "cosines", "\"cos_attn\":[0.9,0.1,-0.2,0.3]");
  write_plain_run(files, "baseline-s1", 1, 2.0);
  for (const std::string name : {"remove", "early-exit", "swap", "cosines"}) {
    files.write("baseline-s1/" + name + ".json", read_file(files.root() / "midas-s1" / (name + ".json")));
  }
  write_grown_run(files, "lidas-s1", 1, 2.0);
  files.write("lidas-s1/config.toml", config_toml("lidas", 1));
  files.write("lidas-s1/cosines.json", read_file(files.root() / "midas-s1/cosines.json"));
  const std::vector<Claim> claims = claims_of(files);
  const auto first = [&](std::string_view word) {
    const Claim* claim = about(claims, word);
    EXPECT_NE(claim, nullptr) << word;
    return claim == nullptr ? kNan : *claim->measure.mean(claim->comparisons.at(0).variant);
  };
  EXPECT_NEAR(first("later layers"), 0.75, 1e-12);        // (2 + 1.5) / 2 - 1
  EXPECT_NEAR(first("settled later"), 0.4, 1e-12);        // before layer 2 of 4
  EXPECT_NEAR(first("change places"), 0.25, 1e-12);       // blocks 1 and 2 of 4
  EXPECT_NEAR(first("where blocks begin"), -0.2, 1e-12);  // layer 2
}

}  // namespace
}  // namespace cambium::report
