#include "cambium/ops/backend.h"
#include "cambium/ops/rms_norm.h"
#include "cambium/ops/rows.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 16;

}  // namespace

void rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale, at::Tensor& y,
              at::Tensor& inv_rms) {
  if (Backend* device = backend_of(x)) {
    device->rms_norm(x, weight, eps, scale, y, inv_rms);
    return;
  }
  dispatch(y.scalar_type(), "rms_norm", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(x.size(0), kGrainRows,
              [&](int64_t begin, int64_t end) { norm_rows(kernel, x, weight, eps, scale, y, inv_rms, begin, end); });
  });
}

void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& inv_rms,
                       double scale, at::Tensor& dx, at::Tensor& dweight) {
  if (Backend* device = backend_of(x)) {
    device->rms_norm_backward(dy, x, weight, inv_rms, scale, dx, dweight);
    return;
  }
  RowSums sums(x.size(1));
  dispatch(dy.scalar_type(), "rms_norm_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(x.size(0), kGrainRows, [&](int64_t begin, int64_t end) {
      norm_backward_rows(kernel, dy, x, weight, inv_rms, scale, dx, sums.of_thread(), begin, end);
    });
  });
  sums.add_to(dweight);
}

}  // namespace cambium::ops
