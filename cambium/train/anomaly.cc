#include "cambium/train/anomaly.h"

#include <algorithm>

#include "cambium/base/format.h"
#include "cambium/model/forward.h"

namespace cambium::train {
namespace {

/// "holds 3 NaN and 1 infinite values, the first at [4, 17]"; nothing where all are finite.
std::optional<std::string> fault_of(const at::Tensor& value) {
  if (at::isfinite(value).all().item<bool>()) {
    return std::nullopt;
  }
  const at::Tensor cpu = value.to(at::kCPU, at::kFloat);
  const at::Tensor first = at::isfinite(cpu).logical_not().nonzero()[0];
  std::string place;
  for (int64_t i = 0; i < first.numel(); ++i) {
    place += format("{}{}", i == 0 ? "" : ", ", first[i].item<int64_t>());
  }
  return format("holds {} NaN and {} infinite values, the first at [{}]", at::isnan(cpu).sum().item<int64_t>(),
                at::isinf(cpu).sum().item<int64_t>(), place);
}

std::optional<std::string> fault_in(const model::ModelConfig& config, const model::Parameters& parameters,
                                    const char* kind, bool from_the_end) {
  std::optional<std::string> found;
  model::for_each_tensor(config, parameters, [&](const std::string& name, const at::Tensor& view) {
    if (found && !from_the_end) {
      return;
    }
    if (const std::optional<std::string> fault = fault_of(view)) {
      found = format("{} {} {}", kind, name, *fault);
    }
  });
  return found;
}

/// Looks at what flows through a forward pass until something is not finite.
class Watch : public model::Tap {
 public:
  void see(model::Point point, int64_t place, int64_t layer, at::Tensor value) override {
    if (found_) {
      return;
    }
    if (const std::optional<std::string> fault = fault_of(value)) {
      found_ = format("{} {}", name_of(point, place, layer), *fault);
    }
  }
  const std::optional<std::string>& found() const { return found_; }

 private:
  static std::string name_of(model::Point point, int64_t place, int64_t layer) {
    switch (point) {
      case model::Point::kLayerInput:
        return place == 0 ? "the embedding's output" : format("the input of layer {}", layer);
      case model::Point::kAttentionOutput:
        return format("the attention output of layer {}", layer);
      case model::Point::kMlpOutput:
        return format("the MLP output of layer {}", layer);
      case model::Point::kLayerOutput:
        break;
    }
    return format("the residual stream behind layer {}", layer);
  }
  std::optional<std::string> found_;
};

std::optional<std::string> fault_in_forward(model::Llama& model, const Batch& batch) {
  constexpr int64_t kRows = 256;  // of logits at once
  Watch watch;
  model::Forward forward(model);
  const at::Tensor hidden = forward.hidden(batch.ids, {.tap = &watch});
  if (watch.found()) {
    return watch.found();
  }
  if (const std::optional<std::string> fault = fault_of(hidden)) {
    return "the final norm's output " + *fault;
  }
  for (int64_t row = 0; row < hidden.size(0); row += kRows) {
    const at::Tensor logits = forward.logits(hidden.narrow(0, row, std::min(kRows, hidden.size(0) - row)));
    if (const std::optional<std::string> fault = fault_of(logits)) {
      return format("a piece of the logits, of the rows from {} on, {}", row, *fault);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_anomaly(const model::ModelConfig& config, const model::Parameters& weights) {
  return fault_in(config, weights, "the weight", /*from_the_end=*/false);
}

std::optional<std::string> find_anomaly(model::Llama& model, const std::vector<Batch>& micro_batches,
                                        const model::Parameters& gradients) {
  std::optional<std::string> found = find_anomaly(model.config, model.weights);
  for (size_t i = 0; !found && i < micro_batches.size(); ++i) {
    found = fault_in_forward(model, micro_batches[i]);
    if (found && micro_batches.size() > 1) {
      found = format("micro-batch {}: {}", i, *found);
    }
  }
  return found ? found : fault_in(model.config, gradients, "the gradient of", /*from_the_end=*/true);
}

}  // namespace cambium::train
