#pragma once

#include <string>

#include "cambium/model/parameters.h"

namespace cambium::model {

/// XXH3-128 of the float32 weights, block after block: what results of a model are known by.
std::string weights_hash(const Parameters& weights);

}  // namespace cambium::model
