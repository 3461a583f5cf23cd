#include <algorithm>
#include <cmath>

#include "cambium/base/format.h"
#include "cambium/report/figure.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

using formats::Json;

constexpr size_t kMostPoints = 400;

/// Means over neighbouring points, so that a long run does not weigh the page down; the place is the last one's.
std::vector<Point> thinned(const std::vector<Point>& points) {
  const size_t width = (points.size() + kMostPoints - 1) / kMostPoints;
  std::vector<Point> few;
  for (size_t begin = 0; begin < points.size(); begin += std::max<size_t>(width, 1)) {
    const size_t end = std::min(begin + width, points.size());
    Point point = points[end - 1];
    point.loss = 0;
    for (size_t i = begin; i < end; ++i) {
      point.loss += points[i].loss / static_cast<double>(end - begin);
    }
    few.push_back(point);
  }
  return few;
}

template <typename Items, typename Get>
Json column(const Items& items, const Get& get) {
  std::vector<double> values;
  for (const auto& item : items) {
    values.push_back(get(item));
  }
  return plot_numbers(values);
}

template <typename Items>
Json places(const Items& items) {
  return {{"step", column(items, [](const auto& item) { return static_cast<double>(item.step); })},
          {"tokens", column(items, [](const auto& item) { return item.tokens; })},
          {"flops", column(items, [](const auto& item) { return item.flops; })},
          {"seconds", column(items, [](const auto& item) { return item.seconds; })}};
}

Json run_json(const Run& run, size_t color) {
  std::vector<Point> measured;
  std::copy_if(run.points.begin(), run.points.end(), std::back_inserter(measured),
               [](const Point& point) { return point.val_loss.has_value(); });
  const std::vector<Point> points = thinned(run.points);
  Json train = places(points), held_out = places(measured), growth = places(run.growths);
  train["y"] = column(points, [](const Point& point) { return point.loss; });
  held_out["y"] = column(measured, [](const Point& point) { return *point.val_loss; });
  growth["y"] = column(run.growths, [](const GrowthStep& g) { return g.loss_after.value_or(kNan); });
  growth["text"] = Json::array();
  for (const GrowthStep& g : run.growths) {
    growth["text"].push_back(format("{} to {} layers", g.from_layers, g.to_layers));
  }
  return {{"name", run.variant}, {"seed", run.seed},     {"color", color},
          {"loss", train},       {"val_loss", held_out}, {"growth", growth}};
}

}  // namespace

Section training_section(const Collection& collection, const Links& links) {
  Json runs = Json::array();
  std::string files;
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    std::string seeds;
    for (const Run& run : collection.variants[v].runs) {
      if (!run.points.empty()) {
        runs.push_back(run_json(run, v));
        seeds += links.link(run.metrics_file(), run.seed.empty() ? "metrics" : escape(run.seed)) + " ";
      }
    }
    files += seeds.empty() ? "" : format("{} {} ", variant_name(collection, v), seeds);
  }
  if (runs.empty()) {
    return {.id = "training", .title = "Training", .body = ""};
  }
  // The same data drawn twice would double the page: the second picture reads the first one's.
  const std::string body =
      "<p class=\"lead\">One line a run. Circles mark growths: the validation loss right after. FLOPs are those of "
      "forward "
      "and backward products with full attention; seconds are training time, restarts added up.</p>" +
      figure_html("training", {.title = "Loss", .x = "", .y = "loss, nats a token", .note = ""},
                  {{"runs", std::move(runs)}}, "wide") +
      element("p", "From: " + files, "sources");
  return {.id = "training", .title = "Training", .body = body};
}

}  // namespace cambium::report
