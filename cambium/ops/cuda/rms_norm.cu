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

/// The block's share of the rows: adds to dx, and leaves the sums of their gradients of weight in its row of `partial`.
/// A thread keeps the sums of `sweeps` packets of columns, a panel of the team; a row that is wider than that is gone
/// through once a panel.
template <int n, int sweeps, typename T>
__global__ void __launch_bounds__(1024)
    rms_norm_backward_kernel(const T* dy, const float* x, const float* weight, const float* inv_rms, float scale,
                             int64_t rows, int64_t d, Teams teams, float* dx, float* partial) {
  const Place place(teams.threads);
  const int64_t begin = blockIdx.x * rows / gridDim.x, end = (blockIdx.x + 1) * rows / gridDim.x;
  const int64_t step = static_cast<int64_t>(teams.threads) * n;
  for (int64_t panel = 0; panel < d; panel += step * sweeps) {
    Floats<n> sums[sweeps] = {};
    for (int64_t first = begin; first < end; first += teams.count) {
      const int64_t row = first + place.team, start = row * d;
      const int64_t width = row < end ? d : 0;
      float dot = 0;
      for (int64_t i = place.thread * n; i < width; i += step) {
        const Floats<n> grad = load<n>(dy + start + i), weights = load<n>(weight + i), entries = load<n>(x + start + i);
#pragma unroll
        for (int j = 0; j < n; ++j) {
          dot += grad[j] * weights[j] * entries[j];
        }
      }
      dot = reduce_warps(dot, Sum{}, place.first_warp, teams.threads / kWarp);
      const float inverse = width > 0 ? inv_rms[row] : 0;
      const float along = dot * scale * inverse * inverse * inverse / static_cast<float>(d);
      const float across = inverse * scale;
#pragma unroll
      for (int sweep = 0; sweep < sweeps; ++sweep) {
        const int64_t i = panel + sweep * step + place.thread * n;
        if (i < width) {
          const Floats<n> grad = load<n>(dy + start + i), weights = load<n>(weight + i);
          const Floats<n> entries = load<n>(x + start + i);
          Floats<n> result = load<n>(dx + start + i);
#pragma unroll
          for (int j = 0; j < n; ++j) {
            result[j] += grad[j] * weights[j] * across - entries[j] * along;
            sums[sweep][j] += grad[j] * entries[j] * across;
          }
          store(dx + start + i, result);
        }
      }
    }
    // The teams' sums, in their order.
    float* of_thread = own_memory();
#pragma unroll
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      __syncthreads();
      store(of_thread + threadIdx.x * n, sums[sweep]);
      __syncthreads();
      const int64_t i = panel + sweep * step + place.thread * n;
      if (place.team == 0 && i < d) {
        for (int team = 1; team < teams.count; ++team) {
          const Floats<n> other = load<n>(of_thread + (team * teams.threads + place.thread) * n);
#pragma unroll
          for (int j = 0; j < n; ++j) {
            sums[sweep][j] += other[j];
          }
        }
        store(partial + blockIdx.x * d + i, sums[sweep]);
      }
    }
  }
}

/// dweight += the sums of the columns of `partial` [parts, d]: a warp's lanes own a column each, the warps of a block
/// share the parts.
constexpr int kColumnWarps = 8;
__global__ void add_columns_kernel(const float* partial, int64_t parts, int64_t d, float* dweight) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x % kWarp;
  float sum = 0;
  if (column < d) {
    for (int64_t part = threadIdx.x / kWarp; part < parts; part += kColumnWarps) {
      sum += partial[part * d + column];
    }
  }
  float* of_thread = own_memory();
  of_thread[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x < kWarp && column < d) {
    for (int warp = 1; warp < kColumnWarps; ++warp) {
      sum += of_thread[warp * kWarp + threadIdx.x];
    }
    dweight[column] += sum;
  }
}

/// Of kReduceBytes and `floats` of the kernel's own.
constexpr int64_t shared_bytes(int64_t floats) { return kReduceBytes + floats * static_cast<int64_t>(sizeof(float)); }

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
  constexpr int kPacket = kEntries<float>;
  if (d % kPacket == 0 && aligned<kPacket>(x, weight, y)) {
    start(d / kPacket, rms_norm_kernel<kPacket, T>);
  } else {
    start(d, rms_norm_kernel<1, T>);
  }
}

template <typename T>
void rms_norm_backward(Stream stream, const T* dy, const float* x, const float* weight, const float* inv_rms,
                       float scale, int64_t rows, int64_t d, float* dx, float* dweight, float* partial) {
  constexpr int kPacket = kEntries<float>;
  const auto start = [&]<int width>(Width<width>) {
    const Teams teams = teams_for(divide_up(d, width), 1024);
    const Work work{.blocks = std::min(divide_up(rows, teams.count), kNormParts),
                    .threads = teams.block(),
                    .shared_bytes = shared_bytes(teams.block() * width)};
    const bool narrow = d <= teams.threads * width;
    launch("rms_norm_backward", stream, work,
           narrow ? rms_norm_backward_kernel<width, 1, T> : rms_norm_backward_kernel<width, 4, T>, dy, x, weight,
           inv_rms, scale, rows, d, teams, dx, partial);
    return work.blocks;
  };
  const bool in_packets = d % kPacket == 0 && aligned<kPacket>(dy, x, weight, dx, partial);
  const int64_t parts = in_packets ? start(Width<kPacket>{}) : start(Width<1>{});
  constexpr int kThreads = kColumnWarps * kWarp;
  launch("rms_norm_backward", stream,
         {.blocks = parts == 0 ? 0 : divide_up(d, kWarp), .threads = kThreads, .shared_bytes = shared_bytes(kThreads)},
         add_columns_kernel, partial, parts, d, dweight);
}

template void rms_norm(Stream, const float*, const float*, float, float, int64_t, int64_t, float*, float*);
template void rms_norm(Stream, const float*, const float*, float, float, int64_t, int64_t, BFloat16*, float*);
template void rms_norm_backward(Stream, const float*, const float*, const float*, const float*, float, int64_t, int64_t,
                                float*, float*, float*);
template void rms_norm_backward(Stream, const BFloat16*, const float*, const float*, const float*, float, int64_t,
                                int64_t, float*, float*, float*);

}  // namespace cambium::ops::cuda
