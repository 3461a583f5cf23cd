#pragma once

#include <string>

#include "apps/cambium/plan_data.h"
#include "cambium/config/plan.h"
#include "cambium/formats/json.h"

/// A plan for people: model, training, growth, stages with cost and memory, data, every key. `flops_per_second`: the
/// training FLOPs per second that durations are predicted from; 0: not known.
std::string plan_text(const cambium::config::RunConfig& config, const cambium::config::Plan& plan,
                      const DataReport& data, double flops_per_second);

/// The same for programs: one object.
cambium::formats::Json plan_json(const cambium::config::RunConfig& config, const cambium::config::Plan& plan,
                                 const DataReport& data, double flops_per_second);
