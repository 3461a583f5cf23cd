#include <algorithm>

#include "cambium/ops/backend.h"
#include "cambium/ops/cpu.h"
#include "cambium/ops/embedding.h"

namespace cambium::ops {

using cpu::for_range;

void embedding(const at::Tensor& table, const at::Tensor& ids, at::Tensor& h) {
  if (Backend* device = backend_of(table)) {
    device->embedding(table, ids, h);
    return;
  }
  const int64_t d = table.size(1);
  const float* from = table.const_data_ptr<float>();
  const int32_t* row_ids = ids.const_data_ptr<int32_t>();
  float* to = h.mutable_data_ptr<float>();
  for_range(h.size(0), 64, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      std::copy_n(from + row_ids[row] * d, d, to + row * d);
    }
  });
}

void embedding_backward(const at::Tensor& dh, const at::Tensor& ids, at::Tensor& dtable) {
  if (Backend* device = backend_of(dh)) {
    device->embedding_backward(dh, ids, dtable);
    return;
  }
  const int64_t n = dh.size(0), d = dh.size(1);
  const float* from = dh.const_data_ptr<float>();
  const int32_t* row_ids = ids.const_data_ptr<int32_t>();
  float* to = dtable.mutable_data_ptr<float>();
  // Threads own columns, not rows: equal ids never meet in two threads.
  for_range(d, 32, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < n; ++row) {
      float* sums = to + row_ids[row] * d;
      const float* grad = from + row * d;
      for (int64_t i = begin; i < end; ++i) {
        sums[i] += grad[i];
      }
    }
  });
}

}  // namespace cambium::ops
