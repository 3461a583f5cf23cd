#pragma once

#include "cambium/formats/json.h"
#include "cambium/report/run.h"

namespace cambium::report {

/// A growth as metrics.jsonl and trainer.json hold it. Throws InvalidInput that names the view's file and the key where
/// layers, sources and places do not go together.
GrowthStep read_growth(const formats::JsonView& view);

/// Which of the initial layers each layer descends from after the first `count` growths; -1: drawn anew.
std::vector<int> ancestors(const std::vector<GrowthStep>& growths, size_t count);

}  // namespace cambium::report
