#include <cmath>

#include "cambium/ops/cpu.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::ops {
namespace {

using namespace cpu;

constexpr int64_t kGrainRows = 16;

template <typename T>
void forward_rows(const float* x, const float* weight, float eps, float scale, T* y, float* inv_rms, int64_t d,
                  int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const float* in = x + row * d;
    T* out = y + row * d;
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < d; ++i) {
      squares += in[i] * in[i];
    }
    const float inverse = 1.0F / std::sqrt(squares / static_cast<float>(d) + eps);
    inv_rms[row] = inverse;
    const float factor = inverse * scale;
    for (int64_t i = 0; i < d; ++i) {
      out[i] = from_float<T>(in[i] * factor * weight[i]);
    }
  }
}

template <typename T>
void backward_rows(const T* dy, const float* x, const float* weight, const float* inv_rms, float scale, float* dx,
                   float* dweight, int64_t d, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const T* dout = dy + row * d;
    const float* in = x + row * d;
    float* din = dx + row * d;
    const float inverse = inv_rms[row];
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (int64_t i = 0; i < d; ++i) {
      dot += to_float(dout[i]) * weight[i] * in[i];
    }
    const float along = dot * scale * inverse * inverse * inverse / static_cast<float>(d);
    const float across = inverse * scale;
    for (int64_t i = 0; i < d; ++i) {
      const float g = to_float(dout[i]);
      din[i] += g * weight[i] * across - in[i] * along;
      dweight[i] += g * in[i] * across;
    }
  }
}

}  // namespace

void rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale, at::Tensor& y,
              at::Tensor& inv_rms) {
  const int64_t n = x.size(0), d = x.size(1);
  dispatch(y.scalar_type(), "rms_norm", [&]<typename T>() {
    for_range(n, kGrainRows, [&](int64_t begin, int64_t end) {
      forward_rows<T>(x.const_data_ptr<float>(), weight.const_data_ptr<float>(), static_cast<float>(eps),
                      static_cast<float>(scale), y.mutable_data_ptr<T>(), inv_rms.mutable_data_ptr<float>(), d, begin,
                      end);
    });
  });
}

void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& inv_rms,
                       double scale, at::Tensor& dx, at::Tensor& dweight) {
  const int64_t n = x.size(0), d = x.size(1);
  // One partial sum a thread, added in the order of the threads: the same bits each time.
  at::Tensor partial = at::zeros({at::get_num_threads(), d}, at::kFloat);
  dispatch(dy.scalar_type(), "rms_norm_backward", [&]<typename T>() {
    for_range(n, kGrainRows, [&](int64_t begin, int64_t end) {
      float* sums = partial.mutable_data_ptr<float>() + at::get_thread_num() * d;
      backward_rows<T>(dy.const_data_ptr<T>(), x.const_data_ptr<float>(), weight.const_data_ptr<float>(),
                       inv_rms.const_data_ptr<float>(), static_cast<float>(scale), dx.mutable_data_ptr<float>(), sums,
                       d, begin, end);
    });
  });
  for (int64_t thread = 0; thread < partial.size(0); ++thread) {
    dweight.add_(partial[thread]);
  }
}

}  // namespace cambium::ops
