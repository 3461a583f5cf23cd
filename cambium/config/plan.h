#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cambium/config/cost.h"
#include "cambium/config/device.h"
#include "cambium/config/run_config.h"

namespace cambium::config {

/// Steps [begin, end) of a run at one depth.
struct Stage {
  int64_t begin, end;
  int64_t layers;
  int64_t parameters;
  std::optional<growth::GrowthEvent> event;  ///< the growth that begins it; none: the start of the run
  double tokens;
  double flops;  ///< training FLOPs of the stage
  MemoryEstimate memory;
};

/// What a run will do and cost, known before its first step.
struct Plan {
  ResolvedSteps steps;
  std::vector<Stage> stages;
  DeviceChoice device;
  int64_t micro_batch;  ///< sequences a forward pass
  int64_t parameters;   ///< at the end
  double tokens;
  double flops;              ///< training FLOPs of all stages
  double full_depth_flops;   ///< of the same tokens at full depth
  double mean_depth;         ///< layers, over steps
  std::vector<int> lineage;  ///< for each layer at the end: the layer at the start that it descends from

  double flops_ratio() const { return flops > 0 ? full_depth_flops / flops : 1; }
};

/// Seconds of training at `flops_per_second` training FLOPs, for every stage and in all.
struct Duration {
  std::vector<double> stages;
  double total = 0;
  double full_depth = 0;  ///< of the same tokens at full depth
};
Duration predict(const Plan& plan, double flops_per_second);

/// The saving against full depth by what is counted: full depth's training FLOPs over the planned ones.
struct Saving {
  double layers;     ///< the matrices of the layers alone: the ratio of depths
  double attention;  ///< with attention's products of every position with every other
  double causal;     ///< with those that the causal mask leaves
  double head;       ///< the layers' matrices and the head
  double all;        ///< layers, attention, head: Plan::flops_ratio
};
Saving saving(const model::ModelConfig& model, const Plan& plan, int64_t sequence_length);

/// `epoch_tokens`: tokens of one epoch of the mixture (all sources together), or 0 where it is not known; throws
/// InvalidInput where the configuration needs it.
/// With `branch`, the plan of what is left of the run behind that checkpoint.
Plan make_plan(const RunConfig& config, int64_t epoch_tokens, const CudaSupport& cuda,
               const std::optional<BranchPoint>& branch = {});

}  // namespace cambium::config
