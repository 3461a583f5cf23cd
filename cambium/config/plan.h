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

/// `epoch_tokens`: tokens of one epoch of the mixture (all sources together), or 0 where it is not known; throws
/// InvalidInput where the configuration needs it.
Plan make_plan(const RunConfig& config, int64_t epoch_tokens, const CudaSupport& cuda);

}  // namespace cambium::config
