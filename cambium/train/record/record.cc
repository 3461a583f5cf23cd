#include "cambium/train/record/record.h"

namespace cambium::train {

std::vector<bool> trained_blocks(const TrainRecord& record) {
  const size_t layers = record.lineage.size();
  const GrowthRecord* last = record.growths.empty() ? nullptr : &record.growths.back();
  const bool frozen = last != nullptr && record.step - last->event.step < last->policy.freeze_steps;
  std::vector<bool> trained(layers + 2, !frozen);
  for (size_t i = 0; frozen && i < last->event.growth.sources.size(); ++i) {
    trained[static_cast<size_t>(last->event.growth.place(i)) + 1] = true;
  }
  return trained;
}

double rewarmup_factor(const TrainRecord& record) {
  if (record.growths.empty()) {
    return 1;
  }
  const auto& [event, policy] = record.growths.back();
  const int64_t since = record.step - event.step;
  return since < policy.rewarmup_steps ? static_cast<double>(since + 1) / static_cast<double>(policy.rewarmup_steps)
                                       : 1.0;
}

}  // namespace cambium::train
