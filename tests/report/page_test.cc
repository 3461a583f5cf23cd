#include "cambium/report/page.h"

#include <gtest/gtest.h>

#include <array>
#include <regex>

#include "cambium/base/error.h"
#include "cambium/report/lineage.h"
#include "cambium/report/read_growth.h"
#include "cambium/report/section.h"
#include "cambium/report/summary.h"
#include "tests/report/files.h"

namespace cambium::report {
namespace {

std::string page_of(const Files& files) {
  const std::array directories{files.root()};
  return make_page(collect(directories), {.out = files.root() / "report.html", .title = "", .version = "0"});
}

/// What the page says itself, without the scripts and styles that it carries.
std::string text_of(const std::string& page) {
  const size_t scripts = page.rfind("<footer>");
  return page.substr(page.find("<body>"), scripts - page.find("<body>"));
}

GrowthStep growth(int from, std::vector<int> sources, int insert_at) {
  GrowthStep step{.step = 1,
                  .op = "midas",
                  .from_layers = from,
                  .to_layers = from + static_cast<int>(sources.size()),
                  .sources = std::move(sources),
                  .places = {},
                  .loss_before = {},
                  .loss_after = {}};
  for (size_t i = 0; i < step.sources.size(); ++i) {
    step.places.push_back(insert_at + static_cast<int>(i));
  }
  return step;
}

TEST(Lineage, FollowsTheGrowths) {
  const std::vector<GrowthStep> growths{growth(2, {0, 1}, 2), growth(4, {1, -1}, 1)};
  EXPECT_EQ(ancestors(growths, 0), (std::vector<int>{0, 1}));
  EXPECT_EQ(ancestors(growths, 1), (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(ancestors(growths, 2), (std::vector<int>{0, 1, -1, 1, 0, 1}));
}

TEST(Lineage, PictureHasABoxForEachLayerOfEachStage) {
  const std::string svg = lineage_svg({growth(2, {0, 1}, 2), growth(4, {1, -1}, 1)});
  const std::regex box("<rect");
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), box), std::sregex_iterator()), 2 + 4 + 6);
  const std::regex copy("class=\"copy\"");  // the layer that was drawn anew has no line
  EXPECT_EQ(std::distance(std::sregex_iterator(svg.begin(), svg.end(), copy), std::sregex_iterator()), 3);
}

TEST(ReadGrowth, RefusesWhatDoesNotFit) {
  const auto read = [](const char* text) {
    const formats::Json json = formats::Json::parse(text);
    return read_growth(formats::JsonView(json, "trainer.json"));
  };
  EXPECT_EQ(read(R"({"step":1,"operator":"x","from_layers":1,"to_layers":2,"sources":[0],"places":[0]})").places,
            std::vector<int>{0});
  for (const char* bad :
       {R"({"step":1,"operator":"x","from_layers":2,"to_layers":4,"sources":[0],"insert_at":1})",
        R"({"step":1,"operator":"x","from_layers":2,"to_layers":3,"sources":[2],"insert_at":1})",
        R"({"step":1,"operator":"x","from_layers":2,"to_layers":3,"sources":[0],"insert_at":3})",
        R"({"step":1,"operator":"x","from_layers":2,"to_layers":1,"sources":[],"insert_at":0})",
        R"({"step":1,"operator":"x","from_layers":2,"to_layers":4,"sources":[0,1],"places":[3,3]})"}) {
    EXPECT_THROW(read(bad), InvalidInput) << bad;
  }
}

TEST(Page, LeavesOutWhatWasNeverMade) {
  const Files files;
  write_plain_run(files, "baseline-s1", 1, 2.0);
  const std::string page = page_of(files);
  EXPECT_NE(page.find("<section id=\"results\">"), std::string::npos);
  EXPECT_NE(page.find("<section id=\"training\">"), std::string::npos);
  EXPECT_EQ(page.find("<section id=\"growth\">"), std::string::npos);
  EXPECT_EQ(page.find("<section id=\"tasks\">"), std::string::npos);
  EXPECT_EQ(page.find("<section id=\"signatures\">"), std::string::npos);
}

TEST(Page, ShowsNumbersWithTheirFilesAndNoWinner) {
  const Files files;
  for (const int seed : {1, 2, 3}) {
    write_plain_run(files, "baseline-s" + std::to_string(seed), seed, 2.0 + 0.125 * seed);
    write_grown_run(files, "midas-s" + std::to_string(seed), seed, 1.5 + 0.125 * seed);
  }
  const std::string page = text_of(page_of(files));
  EXPECT_NE(page.find("2.2500 <span class=\"spread\">± 0.1250</span>"), std::string::npos);
  EXPECT_NE(page.find("<a href=\"midas-s3/metrics.jsonl\" title=\"seed 3: 1.8750\">3</a>"), std::string::npos);
  EXPECT_NE(page.find("\u22120.5000"), std::string::npos);
  EXPECT_EQ(page.find("best"), std::string::npos);
  EXPECT_EQ(page.find("winner"), std::string::npos);
}

TEST(Page, TextFromFilesIsEscaped) {
  const Files files;
  write_plain_run(files, "<img src=x onerror=alert(1)>-s1", 1, 2.0);
  files.write("<img src=x onerror=alert(1)>-s1/cosines.json",
              R"({"analysis":"cosines","model":"m","definition":"</script><script>alert(2)</script>",)"
              R"("prompts":{"source":"<b>bold</b>"},"values":{"cos_attn":[0.5,null]}})");
  const std::string page = text_of(page_of(files));
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find("&lt;img src=x"), std::string::npos);
}

TEST(Page, NanIsShownAndNotHidden) {
  const Files files;
  write_plain_run(files, "baseline-s1", 1, 2.0);
  files.write("broken-s1/config.toml", config_toml("none", 1));
  files.write("broken-s1/metrics.jsonl", metrics_line(20, 2, 4, 2, ",\"val_loss\":null"));
  const std::string page = text_of(page_of(files));
  EXPECT_NE(page.find(">NaN</a>"), std::string::npos);
  EXPECT_NE(page.find("not a number"), std::string::npos);
}

TEST(Page, ListsOfUnequalLengthsAreRefused) {
  const Files files;
  write_plain_run(files, "baseline-s1", 1, 2.0);
  files.write("baseline-s1/skip-effect.json",
              R"({"analysis":"skip-effect","model":"m","definition":"d","values":{"layer_effect":[[1,2],[3]]}})");
  EXPECT_THROW(page_of(files), InvalidInput);
}

TEST(Page, LoadsNothing) {
  const Files files;
  write_grown_run(files, "midas-s1", 1, 2.0);
  const std::string page = page_of(files);
  EXPECT_FALSE(std::regex_search(text_of(page), std::regex("(src|href)=\"(https?:)?//")));
  EXPECT_EQ(page.find("<script src"), std::string::npos);
  EXPECT_EQ(page.find("<link rel=\"stylesheet\""), std::string::npos);
  EXPECT_NE(page.find("IntersectionObserver"), std::string::npos) << "the script is part of the page";
}

TEST(Summary, SecondsAreToldBySeedWhereTheyDiffer) {
  const Files files;
  for (const int seed : {1, 2}) {
    const std::string baseline = "baseline-s" + std::to_string(seed);
    write_plain_run(files, baseline, seed, 2.0);
    files.write(baseline + "/metrics.jsonl", metrics_line(20, 2, 4, 3.0 * seed, ",\"val_loss\":2"));
    write_grown_run(files, "midas-s" + std::to_string(seed), seed, 1.5);  // two seconds
  }
  const std::array directories{files.root()};
  std::string all;
  for (const std::string& sentence : summary(collect(directories))) {
    all += sentence + "\n";
  }
  EXPECT_NE(
      all.find("Training seconds of baseline over those of each grown variant: midas 2.25 (1.50 to 3.00 by seed)."),
      std::string::npos)
      << all;
  EXPECT_TRUE(std::regex_search(all, std::regex("Training FLOPs of baseline over .*: midas [0-9.]+\\.\n"))) << all;
}

TEST(Summary, SaysWhatOneSeedCannotTell) {
  const Files files;
  write_plain_run(files, "baseline-s1", 1, 2.0);
  write_grown_run(files, "midas-s1", 1, 1.5);
  const std::array directories{files.root()};
  const std::vector<std::string> sentences = summary(collect(directories));
  EXPECT_EQ(sentences.front(), "2 variants with 1 seed each.");
  EXPECT_NE(sentences.back().find("One seed cannot tell"), std::string::npos);
}

}  // namespace
}  // namespace cambium::report
