#include <algorithm>
#include <numeric>
#include <vector>

#include "cambium/ops/cpu.h"
#include "cambium/ops/sum_squares.h"

namespace cambium::ops {

double sum_squares(const at::Tensor& x) {
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
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

}  // namespace cambium::ops
