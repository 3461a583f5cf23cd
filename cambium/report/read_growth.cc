#include "cambium/report/read_growth.h"

#include <algorithm>
#include <numeric>

#include "cambium/base/format.h"

namespace cambium::report {
namespace {

using formats::Json;
using formats::JsonView;

constexpr int64_t kMostLayers = 1 << 16;

std::vector<int> layers(const JsonView& view, std::string_view key, int end) {
  std::vector<int> found;
  for (const Json& layer : view.list(key, "layers")) {
    if (layer.is_null()) {
      found.push_back(-1);
      continue;
    }
    const std::optional<int64_t> value = formats::as_integer(layer, 0, end - 1);
    if (!value) {
      view.fail(key, format("layers below {}", end));
    }
    found.push_back(static_cast<int>(*value));
  }
  return found;
}

}  // namespace

GrowthStep read_growth(const JsonView& view) {
  GrowthStep growth;
  growth.step = view.integer("step", 0, INT64_MAX);
  growth.op = view.string("operator");
  growth.from_layers = static_cast<int>(view.integer("from_layers", 0, kMostLayers));
  growth.to_layers = static_cast<int>(view.integer("to_layers", growth.from_layers, kMostLayers));
  growth.sources = layers(view, "sources", growth.from_layers);
  const auto count = static_cast<size_t>(growth.to_layers - growth.from_layers);
  if (growth.sources.size() != count) {
    view.fail("sources", format("{} layers", count));
  }
  if (view.has("places")) {
    growth.places = layers(view, "places", growth.to_layers);
    if (growth.places.size() != count || !std::is_sorted(growth.places.begin(), growth.places.end()) ||
        std::adjacent_find(growth.places.begin(), growth.places.end()) != growth.places.end() ||
        (count > 0 && growth.places.front() < 0)) {
      view.fail("places", format("{} different layers, ascending", count));
    }
  } else {
    growth.places.resize(count);
    std::iota(growth.places.begin(), growth.places.end(),
              static_cast<int>(view.integer("insert_at", 0, growth.from_layers)));
  }
  const auto loss = [&](std::string_view key) {
    return view.has(key) ? std::optional(view.number(key)) : std::nullopt;
  };
  growth.loss_before = loss("loss_before");
  growth.loss_after = loss("loss_after");
  return growth;
}

std::vector<int> ancestors(const std::vector<GrowthStep>& growths, size_t count) {
  std::vector<int> line(growths.empty() ? 0 : static_cast<size_t>(growths.front().from_layers));
  std::iota(line.begin(), line.end(), 0);
  for (size_t g = 0; g < count; ++g) {
    const GrowthStep& growth = growths[g];
    std::vector<int> grown(static_cast<size_t>(growth.to_layers), -2);
    for (size_t i = 0; i < growth.places.size(); ++i) {
      const int source = growth.sources[i];
      grown[static_cast<size_t>(growth.places[i])] = source < 0 ? -1 : line.at(static_cast<size_t>(source));
    }
    size_t old = 0;
    for (int& layer : grown) {
      if (layer == -2) {
        layer = line.at(old++);
      }
    }
    line = std::move(grown);
  }
  return line;
}

}  // namespace cambium::report
