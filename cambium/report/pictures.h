#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cambium/report/collect.h"
#include "cambium/report/html.h"

namespace cambium::report {

/// How an array of an analysis is shown.
enum class Form {
  kLines,   ///< one index: a curve a variant, over layers or what `x` says
  kHeat,    ///< two indices: a heat map a variant
  kSquare,  ///< the same of layers by layers, diverging from 0, off its diagonal
  kRise,    ///< nll[start][k] over starts, one picture a size in `sizes` (or `extra`), minus baseline_nll; so accuracy
};

/// What is drawn of an analysis; the definitions themselves come with its file.
struct Picture {
  std::string_view value;  ///< name of the array
  std::string_view title;
  std::string_view x, y;
  Form form = Form::kLines;
  double low = 0, high = 0;  ///< range of colours or of y; equal: of the data
  bool more = false;         ///< folded away
  bool layers = true;        ///< the index counts layers, so that blocks have boundaries
};

/// A single number of an analysis, for its table.
struct Scalar {
  std::string_view value, title;
  int digits = 3;
  bool over_baseline = false;  ///< minus baseline_nll (of accuracies baseline_accuracy)
};

/// An analysis as part of a section: heading, table, pictures, definition, the files it came from. "" where no run has
/// it.
struct AnalysisView {
  std::string_view analysis, title;
  std::span<const Scalar> scalars;
  std::span<const Picture> pictures;
};
std::string html(const AnalysisView& view, const Collection& collection, const Links& links);
/// One behind the other.
std::string html(std::span<const AnalysisView> views, const Collection& collection, const Links& links);

}  // namespace cambium::report
