#include "cambium/train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "cambium/ops/adamw.h"
#include "cambium/ops/sum_squares.h"

namespace cambium::train {
namespace {

/// A run of neighbouring tensors of a block that decay alike.
struct Span {
  int64_t begin, length;
  bool decays;
};

std::vector<Span> spans(const model::BlockLayout& layout, bool decay_all) {
  std::vector<Span> result;
  for (const model::Slot& slot : layout.slots) {
    const bool decays = decay_all || slot.is_matrix();
    if (!result.empty() && result.back().decays == decays) {
      result.back().length += slot.numel();
    } else {
      result.push_back({slot.offset, slot.numel(), decays});
    }
  }
  return result;
}

}  // namespace

double gradient_norm(const model::Parameters& gradients) {
  double sum = 0;
  for (const at::Tensor& block : gradients.blocks()) {
    sum += ops::sum_squares(block);
  }
  return std::sqrt(sum);
}

double clip_scale(double norm, double clip_norm) {
  return clip_norm == 0 ? 1.0 : std::min(1.0, clip_norm / (norm + 1e-6));
}

void update(model::Llama& model, TrainState& state, const model::Parameters& gradients,
            const config::TrainSection& settings, double learning_rate, double grad_scale) {
  const bool decay_all = settings.decay == "all";
  const std::vector<at::Tensor> weights = model.weights.blocks(), grads = gradients.blocks(),
                                averages = state.exp_avg.blocks(), squares = state.exp_avg_sq.blocks(),
                                compute = model.compute.blocks();
  const std::vector<Span> embedding_spans = spans(embedding_layout(model.config), decay_all);
  const std::vector<Span> layer_spans = spans(layer_layout(model.config), decay_all);
  const std::vector<Span> head_spans = spans(head_layout(model.config), decay_all);
  for (size_t block = 0; block < weights.size(); ++block) {
    const std::vector<Span>& parts =
        block == 0 ? embedding_spans : (block + 1 == weights.size() ? head_spans : layer_spans);
    const int64_t adam_step = ++state.adam_steps[block];
    for (const Span& part : parts) {
      const ops::AdamWStep step{.learning_rate = learning_rate,
                                .beta1 = settings.betas[0],
                                .beta2 = settings.betas[1],
                                .eps = settings.eps,
                                .weight_decay = part.decays ? settings.weight_decay : 0.0,
                                .step = adam_step,
                                .grad_scale = grad_scale};
      const auto cut = [&](const at::Tensor& flat) { return flat.narrow(0, part.begin, part.length); };
      const bool copies = model.precision == model::Precision::kBFloat16;
      ops::adamw(step, cut(grads[block]), cut(weights[block]), cut(averages[block]), cut(squares[block]),
                 copies ? cut(compute[block]) : at::Tensor());
    }
  }
}

}  // namespace cambium::train
