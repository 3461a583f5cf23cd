#include "cambium/analysis/values.h"

#include <cmath>
#include <limits>

namespace cambium::analysis {

using formats::Json;

Json to_json(const at::Tensor& values) {
  if (values.dim() == 0) {
    const auto value = values.item<double>();
    return std::isfinite(value) ? Json(value) : Json(nullptr);
  }
  const at::Tensor on_cpu = values.to(at::kCPU, at::kDouble);
  Json list = Json::array();
  for (int64_t i = 0; i < on_cpu.size(0); ++i) {
    list.push_back(to_json(on_cpu[i]));
  }
  return list;
}

at::Tensor to_tensor(const Json& lists) {
  if (!lists.is_array()) {
    return at::scalar_tensor(lists.is_null() ? std::numeric_limits<double>::quiet_NaN() : lists.get<double>(),
                             at::kDouble);
  }
  if (lists.empty()) {
    return at::zeros({0}, at::kDouble);
  }
  std::vector<at::Tensor> parts;
  for (const Json& entry : lists) {
    parts.push_back(to_tensor(entry));
  }
  return at::stack(parts);
}

at::Tensor norms(const at::Tensor& rows) { return at::linalg_vector_norm(rows.to(at::kFloat), 2, at::IntArrayRef{-1}); }

at::Tensor cosines(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.to(at::kFloat), y = b.to(at::kFloat);
  const at::Tensor product = norms(x) * norms(y);
  return at::where(product > 0, (x * y).sum(-1) / product, at::zeros_like(product));
}

}  // namespace cambium::analysis
