#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cambium/formats/json.h"

namespace cambium::report {

/// A curve. NaN where there is no value.
struct Series {
  std::string name;
  size_t color = 0;  ///< index of the variant
  std::vector<double> x, y;
  std::vector<double> spread;  ///< standard deviation over seeds; empty where there is one
};

/// A picture that assets/report.js draws, and whose numbers it gives as CSV.
struct Figure {
  std::string title;  ///< text
  std::string x, y;   ///< names of the axes
  std::string note;   ///< text under the title: what was averaged
};

/// Curves over layers and the like. `boundaries`: where blocks begin; `level`: a horizontal line with its name.
struct LineFigure {
  Figure figure;
  std::vector<Series> series;
  std::vector<double> boundaries;
  std::optional<double> low, high;
  std::optional<double> level;
  std::string level_name;
};

/// A matrix, first index downwards. `block`: layers of a block, for boundaries (0: none).
struct HeatFigure {
  Figure figure;
  formats::Json values;  ///< lists of numbers and nulls
  double low = 0, high = 1;
  bool diverging = false;  ///< low and high lie on two sides of a middle
  int block = 0;
  bool square = false;
};

/// <figure> with the data as JSON in it.
std::string html(const LineFigure& figure);
std::string html(const HeatFigure& figure);
/// The same for data that are JSON already; `kind` is what assets/report.js calls it.
std::string figure_html(const std::string& kind, const Figure& figure, formats::Json data,
                        const std::string& classes = "");

/// Six digits are enough for a picture; null for what is no number.
formats::Json plot_number(double value);
formats::Json plot_numbers(const std::vector<double>& values);

}  // namespace cambium::report
