#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cambium/ops/cuda/kernels.h"

// Several neighbours of a row at a time: loads and stores of up to 16 bytes, with float32 in between.

namespace cambium::ops::cuda {

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(BFloat16 value) { return __uint_as_float(static_cast<unsigned>(value.bits) << 16); }

template <typename T>
__device__ T from_float(float value);
template <>
__device__ inline float from_float<float>(float value) {
  return value;
}
/// Rounds to nearest even; every NaN becomes 0x7FFF.
template <>
__device__ inline BFloat16 from_float<BFloat16>(float value) {
#ifdef __CUDA_ARCH__
  unsigned short bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return {bits};
#else
  const unsigned bits = __float_as_uint(value);
  return {static_cast<uint16_t>(value != value ? 0x7FFFU : (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16)};
#endif
}

/// Entries of T in 16 bytes.
template <typename T>
constexpr int kEntries = 16 / static_cast<int>(sizeof(T));

/// `n` entries as they lie in memory.
template <typename T, int n>
struct alignas(n * sizeof(T) < 16 ? n * sizeof(T) : 16) Packet {
  T at[n];
};

/// The same in registers.
template <int n>
struct Floats {
  float at[n];
  __device__ float& operator[](int i) { return at[i]; }
  __device__ float operator[](int i) const { return at[i]; }
};

template <int n, typename T>
__device__ Floats<n> load(const T* from) {
  const Packet<T, n> packet = *reinterpret_cast<const Packet<T, n>*>(from);
  Floats<n> values;
#pragma unroll
  for (int i = 0; i < n; ++i) {
    values[i] = to_float(packet.at[i]);
  }
  return values;
}

template <int n, typename T>
__device__ void store(T* to, const Floats<n>& values) {
  Packet<T, n> packet;
#pragma unroll
  for (int i = 0; i < n; ++i) {
    packet.at[i] = from_float<T>(values[i]);
  }
  *reinterpret_cast<Packet<T, n>*>(to) = packet;
}

/// Whether packets of n entries may start at each of the addresses (null: is not used).
template <int n, typename... T>
bool aligned(const T*... addresses) {
  return ((reinterpret_cast<uintptr_t>(addresses) % alignof(Packet<T, n>) == 0) && ...);
}

/// A number of entries that the compiler knows.
template <int n>
struct Width {
  static constexpr int kValue = n;
};

/// All threads of the grid: body(i, Width) for entries [i, i + width) of count, n at a time, the rest one by one.
template <int n, typename Body>
__device__ void for_entries(int64_t count, const Body& body) {
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t threads = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = thread; i < count / n; i += threads) {
    body(i * n, Width<n>{});
  }
  if constexpr (n > 1) {
    for (int64_t i = count / n * n + thread; i < count; i += threads) {
      body(i, Width<1>{});
    }
  }
}

/// All threads of a block, over a row that may start anywhere: as for_entries, with packets where they may start.
template <typename T, typename Body>
__device__ void for_row(const T* row, int64_t count, const Body& body) {
  constexpr int kPacket = kEntries<T>;
  const auto misaligned = static_cast<int64_t>(reinterpret_cast<uintptr_t>(row) % 16 / sizeof(T));
  const int64_t before = misaligned == 0 ? 0 : kPacket - misaligned;
  const int64_t head = before < count ? before : count;
  const int64_t packets = (count - head) / kPacket;
  if (threadIdx.x < head) {
    body(threadIdx.x, Width<1>{});
  }
  for (int64_t i = threadIdx.x; i < packets; i += blockDim.x) {
    body(head + i * kPacket, Width<kPacket>{});
  }
  const int64_t last = head + packets * kPacket + threadIdx.x;
  if (last < count) {
    body(last, Width<1>{});
  }
}

}  // namespace cambium::ops::cuda
