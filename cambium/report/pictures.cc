#include "cambium/report/pictures.h"

#include <algorithm>
#include <cmath>

#include "cambium/base/format.h"
#include "cambium/report/array.h"
#include "cambium/report/figure.h"
#include "cambium/report/measure.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

using formats::Json;

/// An array of each variant that has it, with the variant's index.
struct Found {
  size_t variant;
  SeedMean array;
};

std::vector<Found> find_all(const Collection& collection, const AnalysisView& view, std::string_view value,
                            size_t dimensions) {
  std::vector<Found> found;
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    std::optional<SeedMean> array = seed_mean(collection.variants[v], view.analysis, value);
    if (array && array->mean.shape.size() == dimensions) {
      found.push_back({.variant = v, .array = std::move(*array)});
    }
  }
  return found;
}

/// The block size of the models that grow, where they agree: where their blocks begin is of interest in all.
int common_block(const Collection& collection) {
  int block = 0;
  for (const Variant& variant : collection.variants) {
    if (variant.grows()) {
      if (block != 0 && block != variant.block_size()) {
        return 0;
      }
      block = variant.block_size();
    }
  }
  return block;
}

std::vector<double> boundaries(const Collection& collection, size_t layers) {
  std::vector<double> found;
  const int block = common_block(collection);
  for (int at = block; block > 0 && at < static_cast<int>(layers); at += block) {
    found.push_back(at - 0.5);
  }
  return found;
}

Series series(const Collection& collection, const Found& found, size_t offset, size_t stride, double shift) {
  Series line{.name = collection.variants[found.variant].name, .color = found.variant, .x = {}, .y = {}, .spread = {}};
  for (size_t i = offset; i < found.array.mean.values.size(); i += stride) {
    line.x.push_back(static_cast<double>(line.x.size()));
    line.y.push_back(found.array.mean.values[i] - shift);
    if (found.array.seeds > 1) {
      line.spread.push_back(found.array.spread.values[i]);
    }
  }
  return line;
}

/// "mean ± standard deviation over seeds" where there are several.
std::string seeds_note(const std::vector<Found>& found) {
  const bool several = std::any_of(found.begin(), found.end(), [](const Found& f) { return f.array.seeds > 1; });
  return several ? "mean ± standard deviation over seeds" : "one seed each";
}

/// A figure of a picture's lines, without any yet.
LineFigure line_figure(const Picture& picture, std::string title, const std::vector<Found>& found) {
  return {.figure = {.title = std::move(title),
                     .x = std::string(picture.x),
                     .y = std::string(picture.y),
                     .note = seeds_note(found)},
          .series = {},
          .boundaries = {},
          .low = {},
          .high = {},
          .level = {},
          .level_name = {}};
}

std::string lines(const Collection& collection, const AnalysisView& view, const Picture& picture) {
  const std::vector<Found> found = find_all(collection, view, picture.value, 1);
  if (found.empty()) {
    return "";
  }
  LineFigure figure = line_figure(picture, std::string(picture.title), found);
  size_t longest = 0;
  for (const Found& array : found) {
    figure.series.push_back(series(collection, array, 0, 1, 0));
    longest = std::max(longest, array.array.mean.values.size());
  }
  if (picture.layers) {
    figure.boundaries = boundaries(collection, longest);
  }
  if (picture.low < picture.high) {
    figure.low = picture.low, figure.high = picture.high;
  }
  return html(figure);
}

/// The mean of a number over a variant's seeds.
double mean_scalar(const Variant& variant, std::string_view analysis, const char* name) {
  std::vector<double> values;
  for (const Run& run : variant.runs) {
    const auto file = run.analyses.find(std::string(analysis));
    if (file != run.analyses.end() && file->second.values().contains(name) && file->second.values()[name].is_number()) {
      values.push_back(file->second.values()[name].get<double>());
    }
  }
  return mean(values);
}

/// What the model as it is has of `value`: of "nll_blocks" baseline_nll, of "mean_accuracy" baseline_accuracy.
const char* baseline_of(std::string_view value) {
  return value.find("accuracy") == std::string_view::npos ? "baseline_nll" : "baseline_accuracy";
}

std::string rises(const Collection& collection, const AnalysisView& view, const Picture& picture) {
  const std::vector<Found> found = find_all(collection, view, picture.value, 2);
  if (found.empty()) {
    return "";
  }
  std::string out;
  // Sizes that fit the deepest model; shallower ones lack the last.
  std::vector<double> sizes;
  const char* name = view.analysis == "loop" ? "extra" : "sizes";
  for (const Variant& variant : collection.variants) {
    if (const auto own = seed_mean(variant, view.analysis, name); own && own->mean.values.size() > sizes.size()) {
      sizes = own->mean.values;
    }
  }
  for (size_t k = 0; k < sizes.size(); ++k) {
    LineFigure figure = line_figure(picture, format("{} {:.0f}", picture.title, sizes[k]), found);
    figure.level = 0;
    figure.level_name = "unchanged model";
    size_t longest = 0;
    for (const Found& array : found) {
      if (k < array.array.mean.shape[1]) {
        const double baseline =
            mean_scalar(collection.variants[array.variant], view.analysis, baseline_of(picture.value));
        Series line = series(collection, array, k, array.array.mean.shape[1], baseline);
        while (!line.y.empty() && std::isnan(line.y.back())) {  // where the size does not fit any more
          line.x.pop_back(), line.y.pop_back();
        }
        line.spread.resize(line.spread.empty() ? 0 : line.y.size());
        longest = std::max(longest, line.y.size());
        figure.series.push_back(std::move(line));
      }
    }
    if (picture.layers) {
      figure.boundaries = boundaries(collection, longest);
    }
    out += html(figure);
  }
  return out;
}

std::pair<double, double> range_of(const std::vector<Found>& found, bool off_diagonal) {
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const Found& array : found) {
    for (size_t i = 0; i < array.array.mean.values.size(); ++i) {
      const double value = array.array.mean.values[i];
      if (std::isfinite(value) && !(off_diagonal && i % (array.array.mean.shape[1] + 1) == 0)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  return low < high ? std::pair(low, high) : std::pair(0.0, 1.0);
}

std::string heats(const Collection& collection, const AnalysisView& view, const Picture& picture) {
  const std::vector<Found> found = find_all(collection, view, picture.value, 2);
  const bool square = picture.form == Form::kSquare;
  auto [low, high] = range_of(found, square);
  if (square) {
    high = std::max(std::abs(low), std::abs(high));
    low = -high;
  } else if (picture.low < picture.high) {
    low = picture.low, high = picture.high;
  }
  std::string out;
  for (const Found& array : found) {
    out += html(HeatFigure{.figure = {.title = format("{}: {}", collection.variants[array.variant].name, picture.title),
                                      .x = std::string(picture.x),
                                      .y = std::string(picture.y),
                                      .note = array.array.note()},
                           .values = array.array.mean.json(),
                           .low = low,
                           .high = high,
                           .diverging = square,
                           .block = picture.layers ? common_block(collection) : 0,
                           .square = array.array.mean.shape[0] == array.array.mean.shape[1]});
  }
  return out;
}

std::string draw(const Collection& collection, const AnalysisView& view, const Picture& picture) {
  switch (picture.form) {
    case Form::kLines:
      return lines(collection, view, picture);
    case Form::kRise:
      return rises(collection, view, picture);
    default:
      return heats(collection, view, picture);
  }
}

std::string scalar_table(const Collection& collection, const AnalysisView& view, const Links& links) {
  Table table;
  table.head = {"variant"};
  std::vector<Measure> measures;
  for (const Scalar& scalar : view.scalars) {
    Measure found = measure(collection, std::string(scalar.title), scalar.digits, Measure::Better::kNeither,
                            [&](const Run& run) -> std::optional<Value> {
                              const auto file = run.analyses.find(std::string(view.analysis));
                              if (file == run.analyses.end()) {
                                return std::nullopt;
                              }
                              const Json& values = file->second.values();
                              const auto number = [&](const std::string& name) {
                                const auto at = values.find(name);
                                return at != values.end() && at->is_number() ? at->get<double>() : kNan;
                              };
                              const double value = number(std::string(scalar.value)) -
                                                   (scalar.over_baseline ? number(baseline_of(scalar.value)) : 0);
                              return std::isnan(value)
                                         ? std::nullopt
                                         : std::optional(Value{.seed = {}, .value = value, .file = file->second.file});
                            });
    if (!found.empty()) {
      table.head.push_back(escape(found.name));
      measures.push_back(std::move(found));
    }
  }
  for (size_t v = 0; !measures.empty() && v < collection.variants.size(); ++v) {
    std::vector<std::string> cells{variant_name(collection, v)};
    bool any = false;
    for (const Measure& each : measures) {
      cells.push_back(cell(each, v, links));
      any = any || !each.variants[v].empty();
    }
    if (any) {
      table.rows.push_back({.cells = std::move(cells)});
    }
  }
  return table.rows.empty() ? "" : table.html("scalars");
}

/// The definition, and each file with its seed.
std::string origin(const Collection& collection, const AnalysisView& view, const Links& links) {
  std::string definition, files;
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    std::string seeds;
    for (const Run& run : collection.variants[v].runs) {
      const auto file = run.analyses.find(std::string(view.analysis));
      if (file != run.analyses.end()) {
        definition = file->second.json["definition"].get<std::string>();
        seeds += links.link(file->second.file, run.seed.empty() ? "file" : escape(run.seed)) + " ";
      }
    }
    files += seeds.empty() ? "" : format("{} {} ", variant_name(collection, v), seeds);
  }
  if (files.empty()) {
    return "";
  }
  return format("<details class=\"definition\"><summary>Definition</summary><p>{}</p></details>", escape(definition)) +
         element("p", "From: " + files, "sources");
}

}  // namespace

std::string html(const AnalysisView& view, const Collection& collection, const Links& links) {
  const std::string end = origin(collection, view, links);
  if (end.empty()) {
    return "";
  }
  std::string out = format("<h3 id=\"{}\">{}</h3>", view.analysis, escape(view.title)) + end;
  out += scalar_table(collection, view, links);
  std::string shown, folded;
  for (const Picture& picture : view.pictures) {
    const std::string drawn = draw(collection, view, picture);
    if (!drawn.empty()) {
      // A row of its own for each array: its variants stand side by side.
      (picture.more ? folded : shown) += picture.form == Form::kLines ? drawn : element("div", drawn, "row");
    }
  }
  out += element("div", shown, "grid");
  if (!folded.empty()) {
    out += "<details class=\"more\"><summary>More</summary>" + element("div", folded, "grid") + "</details>";
  }
  return out;
}

std::string html(std::span<const AnalysisView> views, const Collection& collection, const Links& links) {
  std::string body;
  for (const AnalysisView& view : views) {
    body += html(view, collection, links);
  }
  return body;
}

}  // namespace cambium::report
