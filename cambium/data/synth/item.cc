#include "cambium/data/synth/item.h"

#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "cambium/base/text.h"

namespace cambium::data {

std::vector<const SynthTask*> select_synth_tasks(std::string_view name, const std::vector<SynthTask>& tasks) {
  std::vector<const SynthTask*> group;
  std::vector<std::string> names;
  for (const SynthTask& task : tasks) {
    if (task.name == name) return {&task};
    if (!name.empty() && task.name.starts_with(std::string(name) + "-")) group.push_back(&task);
    names.push_back(task.name);
  }
  if (!group.empty()) return group;
  throw InvalidArgument(format("unknown task `{}`{}; tasks: {}", name, did_you_mean(name, names), join(names, ", ")));
}

bool is_heldout(std::string_view canonical) {
  constexpr uint64_t kSalt = 0x6865'6c64'6f75'7401;  // fixed for good: another salt would mix the splits
  constexpr uint64_t kOneIn = 10;
  return hash64(canonical, kSalt) % kOneIn == 0;
}

SynthItem make_item(const SynthTask& task, CounterRandom& random, SynthSplit split, double progress) {
  constexpr int kMaxDraws = 100000;
  for (int i = 0; i < kMaxDraws; ++i) {
    SynthItem item = task.draw(random, progress);
    if (is_heldout(item.canonical) == (split == SynthSplit::kHeldout)) return item;
  }
  fail("task {}: no item of this split in {} draws", task.name, kMaxDraws);
}

SynthSplit parse_synth_split(std::string_view name) {
  if (name == "train") return SynthSplit::kTrain;
  if (name == "heldout") return SynthSplit::kHeldout;
  throw InvalidArgument(format("split `{}`: expected train or heldout", name));
}

}  // namespace cambium::data
