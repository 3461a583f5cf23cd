#include <algorithm>
#include <cmath>

#include "cambium/base/format.h"
#include "cambium/report/measure.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

Table main_table(const Collection& collection, const std::vector<Measure>& measures, const Links& links) {
  Table table;
  table.head = {"variant", "seeds"};
  for (const Measure& measure : measures) {
    const char* arrow =
        measure.better == Measure::Better::kHigher  ? " <span class=\"arrow\" title=\"higher is better\">↑</span>"
        : measure.better == Measure::Better::kLower ? " <span class=\"arrow\" title=\"lower is better\">↓</span>"
                                                    : "";
    table.head.push_back(escape(measure.name) + arrow);
  }
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    std::vector<std::string> cells{variant_name(collection, v), format("{}", collection.variants[v].runs.size())};
    for (const Measure& measure : measures) {
      cells.push_back(cell(measure, v, links));
    }
    table.rows.push_back({.cells = std::move(cells)});
  }
  return table;
}

/// A picture of one interval: zero in the middle, the scale that of its measure.
std::string interval_picture(const Difference& difference, double scale) {
  const auto place = [&](double value) { return 60 + 56 * std::clamp(value / scale, -1.0, 1.0); };
  std::string out =
      "<svg class=\"interval\" viewBox=\"0 0 120 14\" role=\"img\" aria-label=\"interval\"><line class=\"zero\" "
      "x1=\"60\" y1=\"0\" x2=\"60\" y2=\"14\"/>";
  if (difference.has_interval()) {
    out += format("<line class=\"range\" x1=\"{:.1f}\" y1=\"7\" x2=\"{:.1f}\" y2=\"7\"/>", place(difference.low),
                  place(difference.high));
  }
  return out + format("<circle cx=\"{:.1f}\" cy=\"7\" r=\"3\"/></svg>", place(difference.mean));
}

double largest(const std::vector<Difference>& differences) {
  double scale = 0;
  for (const Difference& difference : differences) {
    for (const double value : {difference.mean, difference.low, difference.high}) {
      scale = std::isfinite(value) ? std::max(scale, std::abs(value)) : scale;
    }
  }
  return scale > 0 ? scale : 1;
}

std::string difference_cell(const Difference& difference, const Measure& measure, double scale) {
  if (difference.pairs == 0) {
    return "<span class=\"none\">–</span>";
  }
  const std::string interval = difference.has_interval() ? format(" <span class=\"spread\">[{}, {}]</span>",
                                                                  signed_number(difference.low, measure.digits),
                                                                  signed_number(difference.high, measure.digits))
                                                         : "";
  const std::string picture = std::isfinite(difference.mean) ? interval_picture(difference, scale) : "";
  return element(
      "div",
      signed_number(difference.mean, measure.digits) + interval + picture +
          element("span", reading(difference), difference.told_apart() ? "told" : "untold") +
          format(" <span class=\"note\">{} pair{}</span>", difference.pairs, difference.pairs == 1 ? "" : "s"),
      "difference");
}

/// A row a measure, a column a variant; the pictures of a row have one scale.
Table difference_table(const Collection& collection, const std::vector<Measure>& measures) {
  Table table;
  table.head = {"measure"};
  for (size_t v = 1; v < collection.variants.size(); ++v) {
    table.head.push_back(variant_name(collection, v));
  }
  for (const Measure& measure : measures) {
    std::vector<Difference> differences;
    for (size_t v = 1; v < collection.variants.size(); ++v) {
      differences.push_back(measure.against_baseline(v));
    }
    if (measure.cost ||
        std::all_of(differences.begin(), differences.end(), [](const Difference& d) { return d.pairs == 0; })) {
      continue;
    }
    std::vector<std::string> cells{escape(measure.name)};
    const double scale = largest(differences);
    for (const Difference& difference : differences) {
      cells.push_back(difference_cell(difference, measure, scale));
    }
    table.rows.push_back({.cells = std::move(cells)});
  }
  return table;
}

}  // namespace

Section results_section(const Collection& collection, const Links& links) {
  const std::vector<Measure> measures = headline_measures(collection);
  if (measures.empty()) {
    return {.id = "results", .title = "Results", .body = ""};
  }
  std::string body =
      "<p class=\"lead\">Mean ± standard deviation over seeds. The small numbers are the seeds: each leads to the file "
      "that its value came from.</p>";
  body += main_table(collection, measures, links).html("results");
  if (collection.has_baseline) {
    const Table differences = difference_table(collection, measures);
    if (!differences.rows.empty()) {
      body += format("<h3>Differences to {}</h3>", escape(collection.baseline().name));
      body +=
          "<p class=\"lead\">Paired by seed. Intervals: percentiles of the means of resampled pairs (all resamples for "
          "up "
          "to five pairs, else 10,000 drawn ones). With few seeds they are narrower than they should be. “Higher” and "
          "“lower” mean that the interval leaves out 0, nothing more.</p>";
      body += differences.html("differences");
    }
  }
  return {.id = "results", .title = "Results", .body = body};
}

std::string variant_name(const Collection& collection, size_t variant) {
  return format("<span class=\"variant\"><i class=\"swatch c{}\"></i>{}</span>", variant % 12,
                escape(collection.variants[variant].name));
}

}  // namespace cambium::report
