#include "cambium/train/throughput.h"

#include <algorithm>
#include <cmath>

#include "cambium/config/cost.h"
#include "cambium/ops/cuda.h"
#include "cambium/ops/linear.h"

namespace cambium::train {

double peak_flops(const Device& device) {
  ops::Backend* gpu = device.where.is_cuda() ? ops::cuda().backend : nullptr;
  const bool bfloat16 = device.precision == model::Precision::kBFloat16;
  if (gpu != nullptr && gpu->peak_flops(bfloat16) > 0) {
    return gpu->peak_flops(bfloat16);
  }
  // On a CPU a few milliseconds a try: shorter than what a scheduler mostly leaves undisturbed.
  const int64_t size = gpu != nullptr ? 8192 : 768;
  constexpr int kLeastTries = 6;
  constexpr double kSeconds = 0.2;
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  const at::TensorOptions options = at::TensorOptions(device.where).dtype(model::compute_type(device.precision));
  const at::Tensor a = at::ones({size, size}, options), b = at::ones({size, size}, options);
  at::Tensor c = at::empty({size, size}, options);
  double best = 0;
  const auto start = Clock::now();
  for (int i = 0; i < kLeastTries || seconds(Clock::now() - start) < kSeconds; ++i) {
    const auto begin = Clock::now();
    if (i % 2 == 0) {
      ops::linear(a, b, c);
    } else {
      at::mm_out(c, a, b);
    }
    if (gpu != nullptr) {
      gpu->synchronize();
    }
    best = std::max(best, 2.0 * std::pow(static_cast<double>(size), 3) / seconds(Clock::now() - begin));
  }
  return best;
}

Throughput::Throughput(const config::RunConfig& config, const config::ResolvedSteps& steps, double peak_flops)
    : config_(config), steps_(steps), peak_flops_(peak_flops) {}

double Throughput::step_flops(int64_t step) const {
  const int depth =
      growth::depth_at(steps_.events, static_cast<int>(config_.model.architecture.num_hidden_layers), step);
  return static_cast<double>(config_.train.batch_tokens) *
         config::training_flops_per_token(config_.model.architecture, depth, config_.train.sequence_length);
}

void Throughput::add_step(int64_t step, double waited) {
  flops_ += step_flops(step);
  flops_since_ += step_flops(step);
  tokens_since_ += static_cast<double>(config_.train.batch_tokens);
  waited_since_ += waited;
}

Throughput::Rate Throughput::take() {
  const auto now = Clock::now();
  const double seconds = std::max(1e-9, std::chrono::duration<double>(now - taken_).count());
  const Rate rate{tokens_since_ / seconds, flops_since_ / seconds / peak_flops_, waited_since_ / seconds};
  taken_ = now;
  tokens_since_ = flops_since_ = waited_since_ = 0;
  return rate;
}

double Throughput::elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

double Throughput::flops_from(int64_t step) const {
  double flops = 0;
  int64_t begin = step;
  for (const growth::GrowthEvent& event : steps_.events) {
    if (event.step > begin) {
      flops += static_cast<double>(event.step - begin) * step_flops(begin);
      begin = event.step;
    }
  }
  return flops + static_cast<double>(std::max<int64_t>(0, steps_.total - begin)) * step_flops(begin);
}

double Throughput::eta(int64_t step) const { return flops_ == 0 ? 0 : flops_from(step) / (flops_ / elapsed()); }

}  // namespace cambium::train
