#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "cambium/analysis/engine.h"

namespace cambium::analysis {

/// Runs the plain pass over one sequence, ids [1, T], and shows every layer's attention probabilities [heads, T, T]
/// float32 (row: the query's position; columns past it are 0).
void for_each_attention(Engine& engine, const at::Tensor& ids,
                        const std::function<void(int64_t layer, const at::Tensor& probabilities)>& visit);

}  // namespace cambium::analysis
