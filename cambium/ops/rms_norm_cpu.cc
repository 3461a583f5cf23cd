#include "cambium/ops/packed.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 16;

}  // namespace

void rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale, at::Tensor& y,
              at::Tensor& inv_rms) {
  const int64_t n = x.size(0), d = x.size(1);
  dispatch(y.scalar_type(), "rms_norm", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(n, kGrainRows, [&](int64_t begin, int64_t end) {
      kernel.rms_norm(data<float>(x) + begin * d, data<float>(weight), static_cast<float>(eps),
                      static_cast<float>(scale), end - begin, d, mutable_data<T>(y) + begin * d,
                      mutable_data<float>(inv_rms) + begin);
    });
  });
}

void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& inv_rms,
                       double scale, at::Tensor& dx, at::Tensor& dweight) {
  const int64_t n = x.size(0), d = x.size(1);
  RowSums sums(d);
  dispatch(dy.scalar_type(), "rms_norm_backward", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(n, kGrainRows, [&](int64_t begin, int64_t end) {
      kernel.rms_norm_backward(data<T>(dy) + begin * d, data<float>(x) + begin * d, data<float>(weight),
                               data<float>(inv_rms) + begin, static_cast<float>(scale), end - begin, d,
                               mutable_data<float>(dx) + begin * d, sums.of_thread());
    });
  });
  sums.add_to(dweight);
}

}  // namespace cambium::ops
