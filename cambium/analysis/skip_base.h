#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "cambium/analysis/analysis.h"
#include "cambium/analysis/engine.h"

namespace cambium::analysis {

/// The unchanged pass over one prompt of T tokens, as the interventions need it.
struct SkipBase {
  std::vector<at::Tensor> streams;  ///< [1, T, hidden]: before each layer, and the last
  std::vector<at::Tensor> updates;  ///< [T, hidden]: u_i
  std::vector<at::Tensor> norms;    ///< [T]: max(‖u_i‖, 1e-6)
  std::vector<at::Tensor> skipped;  ///< [1, T, hidden]: after layer s, with the part left out from position 1 on
};

SkipBase skip_base(Engine& engine, const at::Tensor& ids, Part part);

/// max over tokens of ‖u_i - u'_i‖ / ‖u_i‖, for rows `changed` [n, tokens, hidden] of u' from position `first` on: [n].
at::Tensor relative_change(const SkipBase& base, int64_t layer, int64_t first, const at::Tensor& changed);

/// Largest L2 distance between the probabilities of two passes: streams [n, T - first, hidden] of the positions from
/// `first` on against the unchanged pass. The rows of `entries` (their place in `largest` [.., float64]) are updated.
struct ChangedTail {
  int64_t first;       ///< position of the first token
  at::Tensor streams;  ///< [n, T - first, hidden], last streams
  int64_t entry;       ///< row i goes to largest[entry + i]
};
void largest_probability_change(Engine& engine, const SkipBase& base, std::span<const ChangedTail> tails,
                                at::Tensor& largest);

}  // namespace cambium::analysis
