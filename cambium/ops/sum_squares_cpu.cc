#include <algorithm>
#include <numeric>
#include <vector>

#include "cambium/ops/backend.h"
#include "cambium/ops/cpu.h"
#include "cambium/ops/sum_squares.h"

namespace cambium::ops {

void sum_squares(const at::Tensor& x, at::Tensor& sum) {
  if (Backend* device = backend_of(x)) {
    device->sum_squares(x, sum);
    return;
  }
  constexpr int64_t kBlock = 1 << 14;
  const int64_t n = x.numel(), blocks = (n + kBlock - 1) / kBlock;
  const float* data = x.const_data_ptr<float>();
  std::vector<double> partial(static_cast<size_t>(blocks));
  cpu::for_range(blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kBlock;
      partial[static_cast<size_t>(block)] = kernels::kernels().sum_squares(data + first, std::min(kBlock, n - first));
    }
  });
  *sum.mutable_data_ptr<double>() += std::accumulate(partial.begin(), partial.end(), 0.0);
}

}  // namespace cambium::ops
