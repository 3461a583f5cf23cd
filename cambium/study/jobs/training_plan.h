#pragma once

#include <optional>

#include "cambium/config/plan.h"

namespace cambium::study {

/// What a training will do, before anything of it or of its data is there; nothing where that depends on data that are
/// not made yet, or on a parent that is not known. `parent`: the plan of the run that it branches off from.
std::optional<config::Plan> plan_training(const config::RunConfig& config, const std::optional<config::Plan>& parent);

}  // namespace cambium::study
