#include "cambium/ops/cuda/reduce.h"
#include "cambium/ops/cuda/vector.h"

namespace cambium::ops::cuda {
namespace {

/// A block works on several rows at a time, each by a team of whole warps.
struct Teams {
  int threads;  ///< of a team
  int count;
  int block() const { return threads * count; }
};

/// For rows of `packets`, in blocks of about `block` threads.
Teams teams_for(int64_t packets, int block) {
  const int threads = threads_for(packets, std::min(block, 512));
  return {.threads = threads, .count = block / threads};
}

/// A thread's place in its team.
struct Place {
  int team, thread, first_warp;
  __device__ explicit Place(int team_threads)
      : team(static_cast<int>(threadIdx.x) / team_threads),
        thread(static_cast<int>(threadIdx.x) % team_threads),
        first_warp(team * team_threads / kWarp) {}
};

template <int n, typename T>
__global__ void __launch_bounds__(512) rms_norm_kernel(const float* x, const float* weight, float eps, float scale,
                                                       int64_t rows, int64_t d, Teams teams, T* y, float* inv_rms) {
  const Place place(teams.threads);
  const int64_t step = static_cast<int64_t>(gridDim.x) * teams.count;
  // All teams go round the loop equally often, as they wait for each other.
  for (int64_t first = static_cast<int64_t>(blockIdx.x) * teams.count; first < rows; first += step) {
    const int64_t row = first + place.team;
    const int64_t end = row < rows ? d : 0;
    float squares = 0;
    for (int64_t i = place.thread * n; i < end; i += teams.threads * n) {
      const Floats<n> entries = load<n>(x + row * d + i);
#pragma unroll
      for (int j = 0; j < n; ++j) {
        squares += entries[j] * entries[j];
      }
    }
    squares = reduce_warps(squares, Sum{}, place.first_warp, teams.threads / kWarp);
    const float inverse = 1.0F / sqrtf(squares / static_cast<float>(d) + eps);
    if (end > 0 && place.thread == 0) {
      inv_rms[row] = inverse;
    }
    const float factor = inverse * scale;
    for (int64_t i = place.thread * n; i < end; i += teams.threads * n) {
      Floats<n> entries = load<n>(x + row * d + i);
      const Floats<n> weights = load<n>(weight + i);
#pragma unroll
      for (int j = 0; j < n; ++j) {
        entries[j] *= factor * weights[j];
      }
      store(y + row * d + i, entries);
    }
  }
}

}  // namespace

template <typename T>
void rms_norm(Stream stream, const float* x, const float* weight, float eps, float scale, int64_t rows, int64_t d, T* y,
              float* inv_rms) {
  const auto start = [&](int64_t packets, auto kernel) {
    const Teams teams = teams_for(packets, packets > 256 ? 512 : 256);
    const Work work{.blocks = std::min(divide_up(rows, teams.count), kMostBlocks),
                    .threads = teams.block(),
                    .shared_bytes = kReduceBytes};
    launch("rms_norm", stream, work, kernel, x, weight, eps, scale, rows, d, teams, y, inv_rms);
  };
  constexpr int n = kEntries<float>;
  if (d % n == 0 && aligned<n>(x, weight, y)) {
    start(d / n, rms_norm_kernel<n, T>);
  } else {
    start(d, rms_norm_kernel<1, T>);
  }
}

template void rms_norm(Stream, const float*, const float*, float, float, int64_t, int64_t, float*, float*);
template void rms_norm(Stream, const float*, const float*, float, float, int64_t, int64_t, BFloat16*, float*);

}  // namespace cambium::ops::cuda
