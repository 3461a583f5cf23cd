#include "cambium/analysis/lens.h"

#include <gtest/gtest.h>

#include "cambium/analysis/analyze.h"
#include "cambium/analysis/batch.h"
#include "cambium/analysis/lens_train.h"
#include "cambium/analysis/values.h"
#include "cambium/base/error.h"
#include "tests/model/golden.h"
#include "tests/support/folder.h"

namespace cambium::analysis {
namespace {

const std::filesystem::path kFolder = model::kGolden / "analyses" / "grouped";

class Lenses : public Folder {
 protected:
  Lenses() : model_(model::load_golden(kFolder / "model")), stored_(kFolder / "translators.safetensors") {
    prompts_ = read_prompts(kFolder / "prompts.jsonl", nullptr, model_.config.vocab_size, 1);
  }

  Lens stored(const std::string& kind) const {
    Lens lens;
    for (int layer = 0; layer < 6; ++layer) {
      lens.weights.push_back(model::read_float_tensor(stored_, format("{}.{}.weight", kind, layer)));
      lens.biases.push_back(model::read_float_tensor(stored_, format("{}.{}.bias", kind, layer)));
    }
    return lens;
  }

  Values values_of(const std::string& name) {
    Settings settings;
    settings.lens = folder_;
    Values found;
    analyze(model_, "", prompts_, settings, find_analyses(name), {},
            [&](const Analysis&, const Values& values, bool) { found = values; });
    return found;
  }

  model::Llama model_;
  formats::SafetensorsReader stored_;
  PromptSet prompts_;
};

TEST_F(Lenses, OfZeroAreTheLogitLens) {
  save_lens(folder_, Lens::zeros(model_.config), model_);
  EXPECT_EQ(values_of("tuned-lens"), values_of("logit-lens"));
  const Values exits = values_of("early-exit");
  EXPECT_EQ(exits.at("tuned_accuracy"), exits.at("logit_accuracy"));
}

TEST_F(Lenses, GiveTheReferencesNumbers) {
  save_lens(folder_, stored("random"), model_);
  for (const auto& [analysis, stored] : {std::pair{"tuned-lens", "tuned-lens"}, {"early-exit", "early-exit lenses"}}) {
    if (analysis == std::string("early-exit")) {
      prompts_ = read_prompts(kFolder / "said.jsonl", nullptr, model_.config.vocab_size, 1);
    }
    const Values values = values_of(analysis), expected = formats::read_json(kFolder / "values.json").at(stored);
    for (const auto& [name, value] : expected.items()) {
      const at::Tensor found = to_tensor(values.at(name)), numbers = to_tensor(value);
      EXPECT_TRUE(at::allclose(found, numbers, 1e-3, 1e-6, /*equal_nan=*/true)) << name << "\n"
                                                                                << found << "\n"
                                                                                << numbers;
    }
  }
}

TEST_F(Lenses, AreRefusedForAnotherModel) {
  save_lens(folder_, Lens::zeros(model_.config), model_);
  EXPECT_NO_THROW(load_lens(folder_, model_));
  model_.final_norm()[3] += 0.5;
  EXPECT_THROW(load_lens(folder_, model_), InvalidInput);
  EXPECT_THROW(load_lens("", model_), InvalidInput);
  EXPECT_THROW(load_lens(folder_ / "nothing", model_), InvalidInput);
}

TEST_F(Lenses, AreTrainedAsByTorch) {
  for (const auto& [kind, optimizer, memory] : {std::tuple{"sgd", LensTraining::Optimizer::kSgd, size_t{1}},
                                                std::tuple{"adam", LensTraining::Optimizer::kAdam, size_t{3}}}) {
    const LensTraining training{.steps = 3, .optimizer = optimizer};
    const int64_t d = model_.config.hidden_size, size = d * d + d;
    std::vector<TranslatorState> layers;
    for (int i = 0; i < 6; ++i) {
      layers.push_back({at::zeros({size}), at::zeros({size}), std::vector<at::Tensor>(memory)});
      for (at::Tensor& tensor : layers.back().memory) {
        tensor = at::zeros({size});
      }
    }
    Engine engine(model_);
    std::vector<at::Tensor> streams = engine.streams(make_batches({&prompts_.prompts[0], 1}, 1)[0].ids);
    for (at::Tensor& stream : streams) {
      stream = stream.flatten(0, 1);
    }
    for (int64_t step = 0; step < training.steps; ++step) {
      add_lens_gradients(engine, streams, streams[0].size(0), layers);
      update_translators(layers, training, step);
    }
    const Lens expected = stored(kind);
    for (size_t l = 0; l < 6; ++l) {
      const at::Tensor& found = layers[l].parameters;
      const double scale = expected.weights[l].abs().max().item<double>();
      EXPECT_GT(scale, 1e-4);
      const auto far = [&](const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); };
      EXPECT_LT(far(found.narrow(0, 0, d * d), expected.weights[l].flatten()), 2e-3 * scale) << kind << l;
      EXPECT_LT(far(found.narrow(0, d * d, d), expected.biases[l]), 2e-3 * scale) << kind << l;
    }
  }
}

}  // namespace
}  // namespace cambium::analysis
