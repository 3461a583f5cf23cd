#include "cambium/report/figure.h"

#include <cmath>
#include <cstdlib>

#include "cambium/base/format.h"
#include "cambium/report/html.h"

namespace cambium::report {
namespace {

using formats::Json;

/// JSON that may stand inside a script element: no "<", so no end of it and no comment.
std::string script_text(const Json& json) {
  std::string out;
  for (const char c : json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace)) {
    out += c == '<' ? "\\u003c" : std::string(1, c);
  }
  return out;
}

Json rounded_matrix(const Json& values) {
  if (values.is_array()) {
    Json list = Json::array();
    for (const Json& value : values) {
      list.push_back(rounded_matrix(value));
    }
    return list;
  }
  return values.is_number() ? plot_number(values.get<double>()) : Json(nullptr);
}

}  // namespace

Json plot_number(double value) {
  return std::isfinite(value) ? Json(std::strtod(format("{:.6g}", value).c_str(), nullptr)) : Json(nullptr);
}

Json plot_numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) {
    list.push_back(plot_number(value));
  }
  return list;
}

std::string figure_html(const std::string& kind, const Figure& figure, Json data, const std::string& classes) {
  data["kind"] = kind;
  data["title"] = figure.title;
  data["x"] = figure.x;
  data["y"] = figure.y;
  const std::string note = figure.note.empty() ? "" : element("span", escape(figure.note), "note");
  return format(
      "<figure class=\"plot {}\"><figcaption><span class=\"title\">{}</span>{}</figcaption><div class=\"canvas\">"
      "</div><script type=\"application/json\">{}</script></figure>\n",
      classes.empty() ? kind : classes, escape(figure.title), note, script_text(data));
}

std::string html(const LineFigure& figure) {
  Json series = Json::array();
  for (const Series& line : figure.series) {
    Json entry{{"name", line.name}, {"color", line.color}, {"x", plot_numbers(line.x)}, {"y", plot_numbers(line.y)}};
    if (!line.spread.empty()) {
      entry["spread"] = plot_numbers(line.spread);
    }
    series.push_back(std::move(entry));
  }
  Json data{{"series", std::move(series)}, {"boundaries", plot_numbers(figure.boundaries)}};
  if (figure.low && figure.high) {
    data["range"] = {plot_number(*figure.low), plot_number(*figure.high)};
  }
  if (figure.level) {
    data["level"] = plot_number(*figure.level);
    data["level_name"] = figure.level_name;
  }
  return figure_html("lines", figure.figure, std::move(data));
}

std::string html(const HeatFigure& figure) {
  return figure_html("heat", figure.figure,
                     {{"z", rounded_matrix(figure.values)},
                      {"range", {plot_number(figure.low), plot_number(figure.high)}},
                      {"diverging", figure.diverging},
                      {"square", figure.square},
                      {"block", figure.block}});
}

}  // namespace cambium::report
