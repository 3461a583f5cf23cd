#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "cambium/config/cost.h"
#include "cambium/model/llama.h"
#include "cambium/model/training_step.h"
#include "cambium/train/state.h"

namespace cambium::train {
namespace {

/// Hears of every tensor's memory that this thread asks for and gives back.
class Counter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device) override { held_ += bytes; }
  bool memoryProfilingEnabled() const override { return true; }
  double held() const { return static_cast<double>(held_); }

 private:
  int64_t held_ = 0;
};

struct Case {
  const char* what;
  bool bfloat16 = false, tied = false;
  model::Recompute recompute = model::Recompute::kNone;
  int64_t kv_heads = 2, layers = 3, batch = 2, seq = 48, vocab = 600;
};

model::ModelConfig config_of(const Case& tried) {
  model::ModelConfig config;
  config.vocab_size = tried.vocab;
  config.hidden_size = 64;
  config.intermediate_size = 176;
  config.num_hidden_layers = tried.layers;
  config.num_attention_heads = 4;
  config.num_key_value_heads = tried.kv_heads;
  config.max_position_embeddings = tried.seq;
  config.tie_word_embeddings = tried.tied;
  return config;
}

/// What a plan says is what a run allocates, use by use.
TEST(Memory, EstimatesAreWhatIsAllocated) {
  const Case cases[] = {
      {.what = "float32"},
      {.what = "bfloat16", .bfloat16 = true},
      {.what = "recompute", .recompute = model::Recompute::kFull},
      {.what = "recompute in bfloat16", .bfloat16 = true, .recompute = model::Recompute::kFull, .layers = 8},
      {.what = "selective in bfloat16", .bfloat16 = true, .recompute = model::Recompute::kSelective, .layers = 8},
      {.what = "tied", .tied = true},
      {.what = "tied in bfloat16", .bfloat16 = true, .tied = true},
      {.what = "one key-value head", .kv_heads = 1},
      {.what = "as many key-value heads", .kv_heads = 4},
      {.what = "more rows than a chunk of logits", .batch = 11, .seq = 128, .vocab = 300},
      {.what = "few rows", .batch = 1, .seq = 20},
  };
  for (const Case& tried : cases) {
    SCOPED_TRACE(tried.what);
    const model::ModelConfig config = config_of(tried);
    const auto counter = std::make_shared<Counter>();
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counter);
    double before = 0;
    const auto allocated = [&] { return counter->held() - std::exchange(before, counter->held()); };
    const config::MemoryEstimate estimate = config::training_memory(config, {.layers = tried.layers,
                                                                             .micro_batch = tried.batch,
                                                                             .sequence_length = tried.seq,
                                                                             .bfloat16 = tried.bfloat16,
                                                                             .recompute = tried.recompute});

    model::Parameters weights = model::Parameters::zeros(config, at::kFloat);
    EXPECT_EQ(allocated(), estimate.weights);
    model::Llama model(config, std::move(weights),
                       tried.bfloat16 ? model::Precision::kBFloat16 : model::Precision::kFloat32);
    const double rotary = 4.0 * static_cast<double>(model.rope.cos.numel() + model.rope.sin.numel());
    EXPECT_EQ(allocated(), estimate.compute_copy + rotary);
    const TrainState state = TrainState::fresh(model);
    EXPECT_EQ(allocated(), estimate.moments);
    const model::Parameters gradients = model::Parameters::zeros(config, at::kFloat);
    EXPECT_EQ(allocated(), estimate.gradients);
    const model::TrainingStep step(model,
                                   {.batch = tried.batch, .seq = tried.seq, .z_loss = 0, .recompute = tried.recompute});
    constexpr double kLossSum = 8;
    EXPECT_EQ(allocated(), estimate.activations + estimate.logits + kLossSum);
  }
}

}  // namespace
}  // namespace cambium::train
