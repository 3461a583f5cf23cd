#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "cambium/model/llama.h"

namespace cambium::analysis {

/// The matrices of a layer, in the order of its flat buffer.
inline constexpr std::array<std::string_view, 7> kMatrices{"q", "k", "v", "o", "gate", "up", "down"};

/// One matrix of every layer: [layers, rows, columns] float32.
at::Tensor matrices(const model::ModelConfig& config, const std::vector<at::Tensor>& layers, size_t matrix);

/// S[i][j] = cosine of the flattened entries i and j of x [n, ...]: [n, n] float64.
at::Tensor cosine_table(const at::Tensor& x);

/// mean over i, j of |S[i][j] - S[n-1-i][n-1-j]|: 0 where a table is symmetric about the centre.
double asymmetry(const at::Tensor& table);

/// exp(entropy of the singular values over their sum) of each matrix [n, rows, columns] (Roy & Vetterli 2007): [n].
at::Tensor effective_ranks(const at::Tensor& matrices);

}  // namespace cambium::analysis
