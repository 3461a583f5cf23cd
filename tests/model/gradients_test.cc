#include <gtest/gtest.h>

#include "cambium/model/training_step.h"
#include "tests/model/golden.h"

namespace cambium::model {
namespace {

/// A stored batch and the gradients PyTorch gave for it.
struct Case {
  explicit Case(const std::string& name)
      : directory(kGolden / "gradients" / name),
        batch(formats::read_json(directory / "batch.json")),
        gradients(directory / "gradients.safetensors") {
    const auto rows = batch.at("windows").get<std::vector<std::vector<int32_t>>>();
    for (const std::vector<int32_t>& row : rows) {
      windows.push_back(as_batch(row));
    }
  }
  Llama model() const {
    use_one_thread();
    const std::filesystem::path source = kGolden / "models" / batch.at("model").get<std::string>() / "model";
    ModelConfig config = read_model_config(source);
    config.layer_norm_scaling = batch.at("layer_norm_scaling").get<bool>();
    return {config, read_parameters(source, config), Precision::kFloat32};
  }
  /// Inputs or targets of windows [begin, begin + count).
  at::Tensor part(size_t begin, size_t count, int64_t shift) const {
    const at::Tensor all = at::cat(std::vector<at::Tensor>(windows.begin() + static_cast<ptrdiff_t>(begin),
                                                           windows.begin() + static_cast<ptrdiff_t>(begin + count)));
    return all.narrow(1, shift, all.size(1) - 1).contiguous();
  }

  std::filesystem::path directory;
  formats::Json batch;
  formats::SafetensorsReader gradients;
  std::vector<at::Tensor> windows;
};

class StoredGradients : public testing::TestWithParam<std::string> {
 protected:
  /// Runs the whole batch in micro-batches of `micro` sequences and compares the loss and every tensor.
  static void compare(const std::string& name, size_t micro, Recompute recompute = Recompute::kNone) {
    const Case stored(name);
    Llama model = stored.model();
    const int64_t seq = stored.windows[0].size(1) - 1;
    TrainingStep step(model, {.batch = static_cast<int64_t>(micro), .seq = seq, .recompute = recompute});
    Parameters gradients = Parameters::zeros(model.config, at::kFloat);
    const double scale = 1.0 / static_cast<double>(static_cast<int64_t>(stored.windows.size()) * seq);
    for (size_t begin = 0; begin < stored.windows.size(); begin += micro) {
      step.forward_backward(stored.part(begin, micro, 0), stored.part(begin, micro, 1), scale, gradients);
    }
    const double loss = scale * step.loss_sum().item<double>();
    EXPECT_NEAR(loss, stored.batch.at("loss").get<double>(), 1e-5);

    size_t tensors = 0;
    for_each_tensor(model.config, gradients, [&](const std::string& tensor, const at::Tensor& found) {
      ASSERT_NE(stored.gradients.find(tensor), nullptr) << tensor;
      const at::Tensor wanted = read_float_tensor(stored.gradients, tensor);
      // The stored ones are 3e-6 off float64 where the largest entry is about 1.
      EXPECT_LT(largest_difference(found, wanted), 2e-5 * std::max(1.0, wanted.abs().max().item<double>())) << tensor;
      // Small tensors must not pass for being small.
      EXPECT_LT((found - wanted).norm().item<double>(), 1e-4 * wanted.norm().item<double>()) << tensor;
      ++tensors;
    });
    EXPECT_EQ(tensors, stored.gradients.tensors().size());
  }
};

TEST_P(StoredGradients, OfTheWholeBatch) { compare(GetParam(), 2); }
TEST_P(StoredGradients, AccumulatedOverMicroBatches) { compare(GetParam(), 1); }
TEST_P(StoredGradients, WithLayersComputedAgain) { compare(GetParam(), 2, Recompute::kFull); }
TEST_P(StoredGradients, WithCheapPartsComputedAgain) { compare(GetParam(), 2, Recompute::kSelective); }

INSTANTIATE_TEST_SUITE_P(Of, StoredGradients, testing::Values("grouped", "odd", "scaled"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace cambium::model
