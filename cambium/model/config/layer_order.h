#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "cambium/model/config/model_config.h"

namespace cambium::model {

/// 0, 1, …, layers - 1.
std::vector<int> plain_order(int64_t layers);

/// The layers that a token passes, in their order: 0, 1, …, those of a loop repeated.
std::vector<int> layer_order(const ModelConfig& config);

/// Reads an order that a user wrote for a model of `layers` layers: single layers, ranges with both ends (downwards
/// too), each with `xN` for N times over, separated by commas. "0-3,4-7x2,8" -> 0 1 2 3 4 5 6 7 4 5 6 7 8. Throws
/// InvalidInput that names the piece which is none.
std::vector<int> parse_layer_order(std::string_view text, int64_t layers);

}  // namespace cambium::model
