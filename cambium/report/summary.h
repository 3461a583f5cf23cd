#pragma once

#include <string>
#include <vector>

#include "cambium/report/collect.h"

namespace cambium::report {

/// What was seen and what cannot be told, in plain sentences without a winner: for the top of the page and the
/// terminal.
std::vector<std::string> summary(const Collection& collection);

/// The headline measures as a table of text, a column a variant: means over seeds.
std::string results_table(const Collection& collection);

}  // namespace cambium::report
