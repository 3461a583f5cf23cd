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

bool is_trained(const Trained& trained, size_t block) { return trained.empty() || trained[block]; }

}  // namespace

at::Tensor sum_of_squares(const model::Parameters& gradients, const Trained& trained, const dist::Partition& part) {
  const std::vector<at::Tensor> blocks = gradients.blocks();
  at::Tensor squares = at::zeros({}, blocks.front().options().dtype(at::kDouble));
  for (size_t block = 0; block < blocks.size(); ++block) {
    const dist::Partition::Range own = part.of(blocks[block].numel());
    if (is_trained(trained, block) && own.length() > 0) {
      ops::sum_squares(blocks[block].narrow(0, own.begin, own.length()), squares);
    }
  }
  return squares;
}

Verdict judge(const at::Tensor& loss_sum, int64_t target_tokens, const model::Parameters& gradients,
              const Limits& limits, const Trained& trained) {
  return judge({.loss = loss_sum, .squares = sum_of_squares(gradients, trained), .stop = at::zeros_like(loss_sum)},
               target_tokens, limits);
}

Verdict judge(const StepSums& sums, int64_t target_tokens, const Limits& limits) {
  const at::Tensor norm = sums.squares.sqrt(), loss = sums.loss / static_cast<double>(target_tokens);
  const at::Tensor usable = loss.isfinite().logical_and(norm.isfinite()).logical_and(loss <= limits.highest_loss);
  const at::Tensor scale =
      limits.clip_norm == 0 ? at::ones_like(norm) : (limits.clip_norm / (norm + 1e-6)).clamp_max(1.0);
  return {.numbers = at::stack({loss, norm, usable.to(at::kDouble), sums.stop}),
          .guard = at::stack({scale.to(at::kFloat), usable.to(at::kFloat)})};
}

void update(model::Llama& model, const TrainState& state, const model::Parameters& gradients,
            const config::TrainSection& settings, double learning_rate, const Verdict& verdict,
            const Trained& trained) {
  const bool decay_all = settings.decay == "all";
  const std::vector<at::Tensor> weights = model.weights.blocks(), grads = gradients.blocks(),
                                averages = state.exp_avg.blocks(), squares = state.exp_avg_sq.blocks(),
                                compute = model.compute.blocks();
  const std::vector<Span> embedding_spans = spans(embedding_layout(model.config), decay_all);
  const std::vector<Span> layer_spans = spans(layer_layout(model.config), decay_all);
  const std::vector<Span> head_spans = spans(head_layout(model.config), decay_all);
  for (size_t block = 0; block < weights.size(); ++block) {
    if (!is_trained(trained, block)) {
      continue;
    }
    const std::vector<Span>& parts =
        block == 0 ? embedding_spans : (block + 1 == weights.size() ? head_spans : layer_spans);
    const dist::Partition::Range own = state.part.of(weights[block].numel());
    for (const Span& span : parts) {
      const int64_t begin = std::max(span.begin, own.begin), end = std::min(span.begin + span.length, own.end);
      if (begin >= end) {
        continue;
      }
      const ops::AdamWStep step{.learning_rate = learning_rate,
                                .beta1 = settings.betas[0],
                                .beta2 = settings.betas[1],
                                .eps = settings.eps,
                                .weight_decay = span.decays ? settings.weight_decay : 0.0,
                                .step = state.adam_steps[block] + 1};
      const auto cut = [&](const at::Tensor& flat) { return flat.narrow(0, begin, end - begin); };
      const auto cut_own = [&](const at::Tensor& flat) { return flat.narrow(0, begin - own.begin, end - begin); };
      const bool copies = model.precision == model::Precision::kBFloat16;
      ops::adamw(step, verdict.guard, cut(grads[block]), cut(weights[block]), cut_own(averages[block]),
                 cut_own(squares[block]), copies ? cut(compute[block]) : at::Tensor());
    }
  }
}

StepOutcome settle(const Verdict& verdict, TrainState& state, const Trained& trained) {
  const at::Tensor numbers = verdict.numbers.cpu();
  const double* found = numbers.const_data_ptr<double>();
  const StepOutcome outcome{.loss = found[0], .grad_norm = found[1], .applied = found[2] != 0, .stop = found[3] != 0};
  if (outcome.applied) {
    for (size_t block = 0; block < state.adam_steps.size(); ++block) {
      state.adam_steps[block] += is_trained(trained, block) ? 1 : 0;
    }
  }
  return outcome;
}

}  // namespace cambium::train
