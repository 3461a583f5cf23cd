#include "cambium/report/html.h"

#include <gtest/gtest.h>

#include <limits>

#include "cambium/report/figure.h"
#include "cambium/report/run.h"
#include "tests/report/files.h"

namespace cambium::report {
namespace {

TEST(Html, EscapesWhatHtmlReads) {
  EXPECT_EQ(escape("<b a='1' c=\"2\">&</b>"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;&lt;/b&gt;");
  EXPECT_EQ(escape("für \xF0\x9F\x8C\xB3"), "für \xF0\x9F\x8C\xB3");
  EXPECT_EQ(escape("a\xFF"
                   "b\xC3"),
            "a\uFFFDb\uFFFD");
}

TEST(Html, Numbers) {
  EXPECT_EQ(number(2.06434, 4), "2.0643");
  EXPECT_EQ(number(-0.5, 1), "\u22120.5");
  EXPECT_EQ(number(-0.00001, 2), "0.00");
  EXPECT_EQ(signed_number(0.25, 2), "+0.25");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN(), 2), "NaN");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity(), 2), "\u2212\u221e");
  EXPECT_EQ(rounded(4.14e13), "4.14e13");
  EXPECT_EQ(rounded(0.8), "0.8");
}

TEST(Html, LinksAreRelativeToThePage) {
  const Files files;
  const auto file = files.write("runs/a b&c/metrics.jsonl", "");
  const Links links(files.root() / "pages" / "report.html");
  EXPECT_EQ(links.address(file), "../runs/a%20b%26c/metrics.jsonl");
  EXPECT_EQ(links.link(file, "1.0", "say \"hi\""),
            "<a href=\"../runs/a%20b%26c/metrics.jsonl\" title=\"say &quot;hi&quot;\">1.0</a>");
  EXPECT_EQ(links.name(file), "<a href=\"../runs/a%20b%26c/metrics.jsonl\">../runs/a b&amp;c/metrics.jsonl</a>");
}

TEST(Html, FigureDataCannotLeaveItsScript) {
  const std::string figure =
      html(LineFigure{.figure = {.title = "</script><b>", .x = "x", .y = "y", .note = "<i>"},
                      .series = {{.name = "</script>", .color = 0, .x = {0, 1}, .y = {1, kNan}, .spread = {}}},
                      .boundaries = {},
                      .low = {},
                      .high = {},
                      .level = {},
                      .level_name = {}});
  EXPECT_EQ(figure.find("</script>"), figure.rfind("</script>")) << figure;
  EXPECT_NE(figure.find("&lt;/script&gt;&lt;b&gt;"), std::string::npos);
  EXPECT_NE(figure.find("[1.0,null]"), std::string::npos) << figure;
}

}  // namespace
}  // namespace cambium::report
