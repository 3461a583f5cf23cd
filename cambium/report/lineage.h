#pragma once

#include <string>
#include <vector>

#include "cambium/report/run.h"

namespace cambium::report {

/// The growths of a model as a picture (SVG): a row for each depth, a box for each layer in the colour of the initial
/// layer that it descends from, lines from each layer to its copies, new layers with a frame.
std::string lineage_svg(const std::vector<GrowthStep>& growths);

}  // namespace cambium::report
