#include <algorithm>
#include <chrono>

#include "cambium/ops/linear_cpu.h"
#include "cambium/ops/product_choice.h"

namespace cambium::ops {
namespace {

using namespace cpu;
using Clock = std::chrono::steady_clock;

/// A layer of a small model: what the library gains on larger ones it also gains here.
constexpr int64_t kTokens = 1024, kIn = 256, kOut = 768;
constexpr std::chrono::milliseconds kTime{40};  // of each kind
constexpr double kClearlyFaster = 1.15;

template <typename Work>
double seconds(Work&& work) {
  const Clock::time_point start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Whether ours are kept; both in turn, each by its best time.
template <typename Ours, typename Theirs>
bool ours_hold(Ours&& ours, Theirs&& theirs) {
  ours();  // libraries set themselves up in their first call
  theirs();
  double our_best = 1e9, their_best = 1e9;
  const Clock::time_point end = Clock::now() + kTime;
  do {
    our_best = std::min(our_best, seconds(ours));
    their_best = std::min(their_best, seconds(theirs));
  } while (Clock::now() < end);
  return our_best < their_best * kClearlyFaster;
}

}  // namespace

ProductChoice measure_products(c10::ScalarType type) {
  const c10::InferenceMode no_graph;
  const at::Tensor x = at::ones({kTokens, kIn}, type), dy = at::ones({kTokens, kOut}, type);
  const at::Tensor w = at::ones({kOut, kIn}, type);
  at::Tensor y = at::empty_like(dy), dx = at::empty_like(x), dw = at::zeros({kOut, kIn}, at::kFloat);
  return {ours_hold([&] { product_by_kernels(x, w, Side::kColumns, y); },
                    [&] { product_by_library(x, w, Side::kColumns, y); }),
          ours_hold([&] { product_by_kernels(dy, w, Side::kRows, dx); },
                    [&] { product_by_library(dy, w, Side::kRows, dx); }),
          ours_hold([&] { weight_grad_by_kernels(dy, x, dw); }, [&] { weight_grad_by_library(dy, x, dw); })};
}

}  // namespace cambium::ops
