#include "cambium/ops/cuda/launch.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

/// To about 4 units in the last place; 0 and 1 at the ends.
__device__ float sigmoid(float x) { return __fdividef(1.0F, 1.0F + expf(-x)); }

/// One row a block at a time.
template <int n, typename T>
__global__ void swiglu_kernel(const T* gate_up, int64_t rows, int64_t f, T* y) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const T* gates = gate_up + row * 2 * f;
    for (int64_t i = static_cast<int64_t>(threadIdx.x) * n; i < f; i += static_cast<int64_t>(blockDim.x) * n) {
      const Floats<n> gate = load<n>(gates + i), up = load<n>(gates + f + i);
      Floats<n> result;
#pragma unroll
      for (int j = 0; j < n; ++j) {
        result[j] = gate[j] * sigmoid(gate[j]) * up[j];
      }
      store(y + row * f + i, result);
    }
  }
}

template <int n, typename T>
__global__ void swiglu_backward_kernel(const T* dy, int64_t rows, int64_t f, T* gate_up) {
  for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    T* gates = gate_up + row * 2 * f;
    for (int64_t i = static_cast<int64_t>(threadIdx.x) * n; i < f; i += static_cast<int64_t>(blockDim.x) * n) {
      Floats<n> gate = load<n>(gates + i), up = load<n>(gates + f + i);
      const Floats<n> grad = load<n>(dy + row * f + i);
#pragma unroll
      for (int j = 0; j < n; ++j) {
        const float s = sigmoid(gate[j]), silu = gate[j] * s;
        gate[j] = grad[j] * up[j] * (s + silu * (1.0F - s));
        up[j] = grad[j] * silu;
      }
      store(gates + i, gate);
      store(gates + f + i, up);
    }
  }
}

}  // namespace

template <typename T>
void swiglu(Stream stream, const T* gate_up, int64_t rows, int64_t f, T* y) {
  constexpr int kPacket = kEntries<T>;
  if (f % kPacket == 0 && aligned<kPacket>(gate_up, y)) {
    launch("swiglu", stream, row_work(rows, f / kPacket), swiglu_kernel<kPacket, T>, gate_up, rows, f, y);
  } else {
    launch("swiglu", stream, row_work(rows, f), swiglu_kernel<1, T>, gate_up, rows, f, y);
  }
}

template <typename T>
void swiglu_backward(Stream stream, const T* dy, int64_t rows, int64_t f, T* gate_up) {
  constexpr int kPacket = kEntries<T>;
  if (f % kPacket == 0 && aligned<kPacket>(dy, gate_up)) {
    launch("swiglu_backward", stream, row_work(rows, f / kPacket), swiglu_backward_kernel<kPacket, T>, dy, rows, f,
           gate_up);
  } else {
    launch("swiglu_backward", stream, row_work(rows, f), swiglu_backward_kernel<1, T>, dy, rows, f, gate_up);
  }
}

template void swiglu(Stream, const float*, int64_t, int64_t, float*);
template void swiglu(Stream, const BFloat16*, int64_t, int64_t, BFloat16*);
template void swiglu_backward(Stream, const float*, int64_t, int64_t, float*);
template void swiglu_backward(Stream, const BFloat16*, int64_t, int64_t, BFloat16*);

}  // namespace cambium::ops::cuda
