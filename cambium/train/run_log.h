#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cambium/dist/group.h"
#include "cambium/train/metrics.h"
#include "cambium/train/optimizer.h"
#include "cambium/train/setup.h"

namespace cambium::train {

/// What a run says when it begins: its model, device, processes and steps, and where it comes from.
void announce(const RunSetup& setup, const Start& start, const dist::Group& group);

/// The line of a logged step; `eta` in seconds.
void log_progress(const StepMetrics& metrics, int64_t total_steps, double eta);

/// What each source has given in so many steps.
std::vector<StepMetrics::SourceUse> source_use(const RunSetup& setup, int64_t steps);

/// Why an update was not applied.
std::string objection_to(const StepOutcome& outcome, const LossStatistics& losses);

}  // namespace cambium::train
