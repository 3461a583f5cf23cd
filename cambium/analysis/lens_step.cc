#include <algorithm>
#include <cmath>

#include "cambium/analysis/lens_train.h"
#include "cambium/ops/linear.h"
#include "cambium/ops/rms_norm.h"

namespace cambium::analysis {
namespace {

/// Rows whose logits are held at a time.
constexpr int64_t kRows = 256;

/// The views of one layer's flat parameters (or gradient).
struct Translator {
  Translator(const at::Tensor& flat, int64_t d)
      : weight(flat.narrow(0, 0, d * d).view({d, d})), bias(flat.narrow(0, d * d, d)) {}
  at::Tensor weight, bias;
};

/// Gradient through one layer's lens for some rows h; gives the sum of KL over them.
double add_gradient(Engine& engine, const at::Tensor& h, const at::Tensor& log_p, int64_t tokens,
                    TranslatorState& state) {
  const model::Llama& model = engine.model();
  const int64_t n = h.size(0), d = h.size(1);
  const Translator lens(state.parameters, d);
  Translator gradient(state.gradient, d);
  const at::Tensor x = at::addmm(h + lens.bias, h, lens.weight.t());
  at::Tensor y = at::empty_like(x), inv_rms = at::empty({n}, at::kFloat);
  ops::rms_norm(x, model.final_norm(), model.config.rms_norm_eps, 1.0, y, inv_rms);
  at::Tensor logits = at::empty({n, model.config.vocab_size}, at::kFloat);
  ops::linear(y, model.head(), logits);
  const at::Tensor log_q = at::log_softmax(logits, -1), p = log_p.exp();
  const double loss = (p * (log_p - log_q)).sum(at::kDouble).item<double>();
  const at::Tensor d_logits = log_q.exp().sub_(p).div_(static_cast<double>(tokens));
  at::Tensor dy = at::empty_like(y), dx = at::zeros_like(x), unused = at::zeros({d}, at::kFloat);
  ops::linear_input_grad(d_logits, model.head(), dy);
  ops::rms_norm_backward(dy, x, model.final_norm(), inv_rms, 1.0, dx, unused);
  gradient.weight.addmm_(dx.t(), h);
  gradient.bias.add_(dx.sum(0));
  return loss;
}

/// As torch.optim.SGD with Nesterov momentum: the first gradient is the first momentum.
void update_sgd(TranslatorState& state, double rate, bool first) {
  constexpr double kMomentum = 0.9, kDecay = 1e-3;
  const at::Tensor g = state.gradient + kDecay * state.parameters;
  at::Tensor& momentum = state.memory[0];
  first ? momentum.copy_(g) : momentum.mul_(kMomentum).add_(g);
  state.parameters.sub_(g + kMomentum * momentum, rate);
}

/// As torch.optim.Adam with amsgrad.
void update_adam(TranslatorState& state, double rate, int64_t step) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;
  const at::Tensor &g = state.gradient, &m = state.memory[0], &v = state.memory[1];
  m.mul_(kBeta1).add_(g, 1 - kBeta1);
  v.mul_(kBeta2).addcmul_(g, g, 1 - kBeta2);
  at::maximum_out(state.memory[2], state.memory[2], v);
  const auto t = static_cast<double>(step + 1);
  const at::Tensor scale = (state.memory[2] / (1 - std::pow(kBeta2, t))).sqrt_().add_(kEps);
  state.parameters.addcdiv_(m, scale, -rate / (1 - std::pow(kBeta1, t)));
}

}  // namespace

at::Tensor add_lens_gradients(Engine& engine, const std::vector<at::Tensor>& streams, int64_t tokens,
                              std::vector<TranslatorState>& layers) {
  at::Tensor losses = at::zeros({static_cast<int64_t>(layers.size())}, at::kDouble);
  const int64_t n = streams.back().size(0);
  for (int64_t first = 0; first < n; first += kRows) {
    const int64_t count = std::min(kRows, n - first);
    const at::Tensor log_p = at::log_softmax(engine.logits(streams.back().narrow(0, first, count)), -1);
    for (size_t l = 0; l < layers.size(); ++l) {
      losses[static_cast<int64_t>(l)] +=
          add_gradient(engine, streams[l].narrow(0, first, count), log_p, tokens, layers[l]);
    }
  }
  return losses;
}

void update_translators(std::vector<TranslatorState>& layers, const LensTraining& training, int64_t step) {
  double squares = 0;
  for (const TranslatorState& layer : layers) {
    squares += layer.gradient.square().sum(at::kDouble).item<double>();
  }
  const double clip = std::min(1.0, 1.0 / (std::sqrt(squares) + 1e-6));
  const bool sgd = training.optimizer == LensTraining::Optimizer::kSgd;
  const int64_t warm_up = sgd ? 0 : std::min<int64_t>(1000, training.steps / 5);
  const auto rest = static_cast<double>(std::max<int64_t>(1, training.steps - warm_up));
  const double share = step < warm_up ? static_cast<double>(step + 1) / static_cast<double>(warm_up)
                                      : static_cast<double>(training.steps - step) / rest;
  for (TranslatorState& layer : layers) {
    layer.gradient.mul_(clip);
    sgd ? update_sgd(layer, 0.1 * share, step == 0) : update_adam(layer, 1e-3 * share, step);
    layer.gradient.zero_();
  }
}

}  // namespace cambium::analysis
