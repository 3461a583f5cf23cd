#pragma once

#include <string>

#include "cambium/formats/json.h"
#include "cambium/growth/policy.h"
#include "cambium/growth/schedule.h"
#include "cambium/growth/symmetry.h"

/// What happened to a run beside its steps, as checkpoints and metrics.jsonl hold it.
namespace cambium::train {

/// A growth that happened: the plan, and what was applied.
struct GrowthRecord {
  growth::GrowthEvent event;
  growth::Policy policy;
};

/// What is not at its default is left out, but for the moments.
formats::Json to_json(const GrowthRecord& record);
/// Throws InvalidInput that names `what` and the key.
GrowthRecord growth_record_from_json(const formats::Json& json, const std::string& what);

formats::Json to_json(const growth::SymmetrizeEvent& event);
growth::SymmetrizeEvent symmetrize_event_from_json(const formats::Json& json, const std::string& what);

/// "midas: 4 -> 8 layers, copies of 0, 1, 2, 3 inserted at 4; moments: zero".
std::string describe(const GrowthRecord& record);

}  // namespace cambium::train
