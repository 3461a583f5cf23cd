#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/machine.h"
#include "bench/products.h"
#include "bench/step_profile.h"
#include "bench/trainee.h"
#include "cambium/config/cost.h"
#include "cambium/config/device.h"
#include "cambium/formats/json.h"

namespace cambium::bench {

struct TrainBenchOptions {
  int repeats = 5;
  double seconds = 2;   ///< of training a repeat
  bool details = true;  ///< also the products alone, and the step op by op
};

/// What `cambium bench train` finds out.
struct TrainReport {
  Machine machine;
  config::DeviceChoice device;
  config::RunConfig config;
  int64_t micro_batch;                  ///< sequences
  double loss = 0;                      ///< of the first step; random weights and tokens: about ln(vocabulary)
  std::vector<Trainee::Lap> laps = {};  ///< the repeats
  double peak_flops = 0;                ///< FLOPs per second that MFU is relative to
  std::string peak_from = {};           ///< where that is from
  int64_t peak_memory = 0;              ///< of a GPU, bytes that training took; 0 on the CPU
  std::optional<ProductTimes> library_products = {}, own_products = {};
  std::optional<StepProfile> profile = {};

  double best() const;    ///< tokens per second
  double median() const;  ///< the lower one of an even number
  bool on_gpu() const { return !machine.gpu.empty(); }
  /// training_flops_per_token(config) * best / peak_flops; config/cost.h.
  double mfu(config::AttentionCost attention) const;
  double flops_per_token(config::AttentionCost attention) const;
};

/// Trains on random tokens at the full depth of `config` and takes the time.
TrainReport measure_training(const config::RunConfig& config, const TrainBenchOptions& options);

formats::Json to_json(const TrainReport& report);
/// For a reader; several lines.
std::string to_text(const TrainReport& report);

}  // namespace cambium::bench
