#include "cambium/ops/backend.h"
#include "cambium/ops/rope.h"
#include "cambium/ops/rows.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 32;

void rotate(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first,
            float direction) {
  if (Backend* device = backend_of(x)) {
    device->rope(x, table, heads, head_dim, seq, first, direction);
    return;
  }
  dispatch(x.scalar_type(), "rope", [&]<typename T>(const TypedKernels<T>& kernel) {
    for_range(x.size(0), kGrainRows, [&](int64_t begin, int64_t end) {
      rope_rows(kernel, x, table, heads, head_dim, seq, first, direction, begin, end);
    });
  });
}

}  // namespace

void rope(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first) {
  rotate(x, table, heads, head_dim, seq, first, 1.0F);
}

void rope_backward(at::Tensor& dx, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq,
                   int64_t first) {
  rotate(dx, table, heads, head_dim, seq, first, -1.0F);
}

}  // namespace cambium::ops
