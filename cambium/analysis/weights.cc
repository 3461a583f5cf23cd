#include "cambium/analysis/weights.h"

#include "cambium/model/layout.h"

namespace cambium::analysis {

at::Tensor matrices(const model::ModelConfig& config, const std::vector<at::Tensor>& layers, size_t matrix) {
  const model::BlockLayout layout = model::layer_layout(config);
  size_t seen = 0;
  for (const model::Slot& slot : layout.slots) {
    if (slot.is_matrix() && seen++ == matrix) {
      std::vector<at::Tensor> all;
      for (const at::Tensor& layer : layers) {
        all.push_back(layer.narrow(0, slot.offset, slot.numel()).view(slot.shape));
      }
      return at::stack(all).to(at::kCPU, at::kFloat);
    }
  }
  return {};
}

at::Tensor cosine_table(const at::Tensor& x) {
  const at::Tensor flat = x.reshape({x.size(0), -1});
  const at::Tensor norm = at::linalg_vector_norm(flat, 2, at::IntArrayRef{-1}, true, at::kDouble);
  const at::Tensor unit = flat / norm.clamp_min(1e-30).to(at::kFloat);
  return at::mm(unit, unit.t()).to(at::kDouble);
}

double asymmetry(const at::Tensor& table) { return (table - table.flip({0, 1})).abs().mean().item<double>(); }

at::Tensor effective_ranks(const at::Tensor& matrices) {
  std::vector<at::Tensor> ranks;
  for (int64_t i = 0; i < matrices.size(0); ++i) {
    at::Tensor w = matrices[i].to(at::kDouble);
    w = w.size(0) < w.size(1) ? w : w.t();
    // Squares of the singular values: of the smaller Gram matrix, far cheaper than the decomposition itself.
    const at::Tensor squares = at::linalg_eigvalsh(at::mm(w, w.t())).clamp_min(0);
    const at::Tensor values = squares.sqrt();
    const at::Tensor share = values / values.sum();
    ranks.push_back(at::special_entr(share).sum().exp());
  }
  return at::stack(ranks);
}

}  // namespace cambium::analysis
