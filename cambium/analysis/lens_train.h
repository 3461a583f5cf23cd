#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "cambium/analysis/engine.h"
#include "cambium/analysis/lens.h"
#include "cambium/data/dataset.h"

namespace cambium::analysis {

/// How lenses are trained; defaults as in the paper's own program, but for the batch.
struct LensTraining {
  enum class Optimizer { kSgd, kAdam };
  int64_t steps = 250;
  int64_t batch_tokens = 8192;
  int64_t sequence_length = 0;  ///< 0: the model's context, at most 2048
  Optimizer optimizer = Optimizer::kSgd;
  uint64_t seed = 42;
};

/// One layer's parameters [hidden² + hidden], A_l and behind it b_l, with their gradient and the optimizer's memory.
struct TranslatorState {
  at::Tensor parameters, gradient;
  std::vector<at::Tensor> memory;  ///< sgd: momentum; adam: m, v, the largest v so far (amsgrad)
};

/// Adds to each layer's gradient that of the mean over all `tokens` of KL(p || q_l) = Σ_v p (log p - log q_l); gives
/// the sums over the rows [layers] float64. streams [L + 1][n, hidden]: rows of the stream before each layer and the
/// last.
at::Tensor add_lens_gradients(Engine& engine, const std::vector<at::Tensor>& streams, int64_t tokens,
                              std::vector<TranslatorState>& layers);

/// One update from the gradients, which are clipped together to a norm of 1 and cleared. `step` counts from 0.
/// SGD: Nesterov momentum 0.9, rate 0.1, weight decay 1e-3, as torch.optim.SGD. Adam: rate 1e-3, betas 0.9 and 0.999,
/// amsgrad, warm-up over a fifth of the steps. Both fall linearly to 0.
void update_translators(std::vector<TranslatorState>& layers, const LensTraining& training, int64_t step);

/// Trains from zero translators, or goes on from OUT/training.safetensors, which a stopped call left; writes
/// OUT/lens.safetensors. `report(step, mean loss of each layer)` hears every step. Throws Stopped at a signal, after
/// saving.
void train_lens(model::Llama& model, const data::TokenDataset& dataset, const LensTraining& training,
                const std::filesystem::path& out, const std::function<void(int64_t, const at::Tensor&)>& report);

}  // namespace cambium::analysis
