#include "cambium/report/lineage.h"

#include <algorithm>

#include "cambium/base/format.h"
#include "cambium/report/html.h"
#include "cambium/report/read_growth.h"

namespace cambium::report {
namespace {

constexpr int kBox = 20, kGap = 3, kRow = 58, kLabel = 118, kTop = 6;

int x_of(int layer) { return kLabel + layer * (kBox + kGap); }
int y_of(size_t row) { return kTop + static_cast<int>(row) * kRow; }

/// From blue at the input to red at the output; what was drawn anew is gray.
std::string color(int ancestor, int initial) {
  if (ancestor < 0) {
    return "hsl(0 0% 62%)";
  }
  const int hue = initial > 1 ? 210 + 150 * ancestor / (initial - 1) : 210;
  return format("hsl({} 52% 58%)", hue);
}

/// Where each layer of the grown model comes from, and whether it is new.
struct Origin {
  int source;
  bool made;
};

std::vector<Origin> origins(const GrowthStep& growth) {
  std::vector<Origin> found(static_cast<size_t>(growth.to_layers), Origin{.source = -1, .made = false});
  for (size_t i = 0; i < growth.places.size(); ++i) {
    found[static_cast<size_t>(growth.places[i])] = {.source = growth.sources[i], .made = true};
  }
  int old = 0;
  for (Origin& origin : found) {
    if (!origin.made) {
      origin.source = old++;
    }
  }
  return found;
}

std::string box(int layer, size_t row, int ancestor, int initial, bool made) {
  return format(
      "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"3\" fill=\"{}\"/><text x=\"{}\" "
      "y=\"{}\" text-anchor=\"middle\">{}</text>",
      made ? "made" : "old", x_of(layer), y_of(row), kBox, kBox, color(ancestor, initial), x_of(layer) + kBox / 2,
      y_of(row) + 14, ancestor < 0 ? "*" : format("{}", ancestor));
}

std::string line(const Origin& origin, int layer, size_t row, int ancestor, int initial) {
  const int from = x_of(origin.source) + kBox / 2, to = x_of(layer) + kBox / 2, top = y_of(row - 1) + kBox,
            bottom = y_of(row), middle = (top + bottom) / 2;
  return format("<path class=\"{}\" d=\"M{} {}C{} {} {} {} {} {}\" stroke=\"{}\"/>", origin.made ? "copy" : "stay",
                from, top, from, middle, to, middle, to, bottom, color(ancestor, initial));
}

}  // namespace

std::string lineage_svg(const std::vector<GrowthStep>& growths) {
  if (growths.empty()) {
    return "";
  }
  const int initial = growths.front().from_layers, final = growths.back().to_layers;
  const int width = x_of(final) + 4, height = y_of(growths.size()) + kBox + 6;
  std::string lines, boxes;
  for (size_t row = 0; row <= growths.size(); ++row) {
    const std::vector<int> line_of = ancestors(growths, row);
    const std::vector<Origin> from = row == 0 ? std::vector<Origin>() : origins(growths[row - 1]);
    boxes +=
        format("<text class=\"step\" x=\"0\" y=\"{}\">{}</text>", y_of(row) + 14,
               row == 0 ? format("{} layers", initial) : format("{}, step {}", line_of.size(), growths[row - 1].step));
    for (size_t i = 0; i < line_of.size(); ++i) {
      const auto layer = static_cast<int>(i);
      boxes += box(layer, row, line_of[i], initial, row > 0 && from[i].made);
      if (row > 0 && from[i].source >= 0) {
        lines += line(from[i], layer, row, line_of[i], initial);
      }
    }
  }
  return format(
      "<div class=\"scroll\"><svg class=\"lineage\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"lineage of {2} layers\">{3}{4}</svg></div>",
      width, height, final, lines, boxes);
}

}  // namespace cambium::report
