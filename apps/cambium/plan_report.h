#pragma once

#include <string>

#include "apps/cambium/plan_data.h"
#include "cambium/config/plan.h"
#include "cambium/config/ranks.h"
#include "cambium/formats/json.h"

/// What durations are predicted from.
struct Machine {
  double flops_per_second = 0;       ///< training FLOPs of one process; 0: not known
  cambium::config::Network network;  ///< more than one rank: what the processes are connected by
};

/// A plan for people: model, training, growth, stages with cost and memory, data, every key.
std::string plan_text(const cambium::config::RunConfig& config, const cambium::config::Plan& plan,
                      const DataReport& data, const Machine& machine);

/// The same for programs: one object.
cambium::formats::Json plan_json(const cambium::config::RunConfig& config, const cambium::config::Plan& plan,
                                 const DataReport& data, const Machine& machine);
