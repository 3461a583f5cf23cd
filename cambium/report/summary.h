#pragma once

#include <string>
#include <vector>

#include "cambium/report/collect.h"

namespace cambium::report {

/// What was seen and what cannot be told, in plain sentences without a winner: for the top of the page and the
/// terminal.
std::vector<std::string> summary(const Collection& collection);

}  // namespace cambium::report
