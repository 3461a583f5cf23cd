#include "cambium/train/record/trainer_file.h"

#include <limits>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/format.h"

namespace cambium::train {
namespace fs = std::filesystem;
using formats::Json;
namespace {

Json position_json(const std::vector<DataPosition>& position) {
  Json data = Json::array();
  for (const DataPosition& source : position) {
    data.push_back({{"source", source.source}, {"windows", source.windows}, {"tokens", source.tokens}});
  }
  return data;
}

Json branch_json(const Branch& branch) {
  return {{"from", branch.from},       {"model_hash", branch.model_hash},   {"step", branch.step},
          {"growths", branch.growths}, {"symmetrized", branch.symmetrized}, {"data", position_json(branch.position)}};
}

Json record_to_json(const TrainRecord& record, const std::vector<DataPosition>& position, uint64_t seed) {
  Json growths = Json::array(), symmetrized = Json::array();
  for (const GrowthRecord& growth : record.growths) {
    growths.push_back(to_json(growth));
  }
  for (const growth::SymmetrizeEvent& event : record.symmetrized) {
    symmetrized.push_back(to_json(event));
  }
  Json json{{"format", "cambium-trainer"},
            {"version", 1},
            {"step", record.step},
            {"tokens", record.tokens},
            {"data", position_json(position)},
            // Every draw is a function of the seed and the step: this is the whole random record.
            {"random", {{"seed", seed}, {"step", record.step}}},
            {"adam_steps", record.adam_steps},
            {"growth", growths},
            {"lineage", record.lineage},
            {"loss_statistics",
             {{"mean", record.losses.mean}, {"variance", record.losses.variance}, {"count", record.losses.count}}},
            {"skipped_in_a_row", record.skipped_in_a_row}};
  if (!symmetrized.empty()) {
    json["symmetrized"] = symmetrized;
  }
  if (record.branch) {
    json["branch"] = branch_json(*record.branch);
  }
  return json;
}

template <typename Int>
std::vector<Int> integers(const formats::JsonView& view, std::string_view key, size_t count, Int lowest) {
  if (view.list(key, "integers").size() != count) {
    view.fail(key, format("a list of {} integers", count));
  }
  const std::vector<int64_t> values = view.integers(key, lowest, std::numeric_limits<Int>::max());
  return {values.begin(), values.end()};
}

std::vector<DataPosition> position_from_json(const formats::JsonView& view) {
  std::vector<DataPosition> position;
  for (const Json& entry : view.list("data", "sources")) {
    const formats::JsonView source(entry, view.what());
    position.push_back({.source = source.string("source"),
                        .windows = source.integer("windows", 0, INT64_MAX),
                        .tokens = source.integer("tokens", 0, INT64_MAX)});
  }
  return position;
}

Branch branch_from_json(const formats::JsonView& view) {
  return {.from = view.string("from"),
          .model_hash = view.string("model_hash"),
          .step = view.integer("step", 0, INT64_MAX),
          .growths = view.integer("growths", 0, INT64_MAX),
          .symmetrized = view.integer("symmetrized", 0, INT64_MAX),
          .position = position_from_json(view)};
}

TrainRecord record_from_json(const formats::JsonView& view, int64_t layers) {
  TrainRecord record;
  record.step = view.integer("step", 0, INT64_MAX);
  record.tokens = view.integer("tokens", 0, INT64_MAX);
  record.adam_steps = integers<int64_t>(view, "adam_steps", static_cast<size_t>(layers + 2), 0);
  record.lineage = integers<int>(view, "lineage", static_cast<size_t>(layers), growth::kNoSource);
  for (const Json& growth : view.list("growth", "growths")) {
    record.growths.push_back(growth_record_from_json(growth, view.what()));
  }
  if (view.has("symmetrized")) {
    for (const Json& event : view.list("symmetrized", "interventions")) {
      record.symmetrized.push_back(symmetrize_event_from_json(event, view.what()));
    }
  }
  if (view.has("branch")) {
    record.branch = branch_from_json(view.object("branch"));
  }
  const formats::JsonView statistics = view.object("loss_statistics");
  record.losses = {.mean = statistics.number("mean"),
                   .variance = statistics.number("variance"),
                   .count = statistics.integer("count", 0, INT64_MAX)};
  record.skipped_in_a_row = view.integer("skipped_in_a_row", 0, INT64_MAX);
  return record;
}

}  // namespace

TrainerFile trainer_file_from_json(const Json& json, const std::string& what, int64_t num_layers) {
  const formats::JsonView view(json, what);
  return {.record = record_from_json(view, num_layers),
          .position = position_from_json(view),
          .seed = view.object("random").seed("seed")};
}

TrainerFile read_trainer_file(const fs::path& directory, int64_t num_layers) {
  const fs::path path = directory / kTrainerFile;
  return trainer_file_from_json(formats::read_json(path), path.string(), num_layers);
}

void write_trainer_file(const fs::path& directory, const TrainRecord& record, const std::vector<DataPosition>& position,
                        uint64_t seed) {
  FileWriter file(directory / kTrainerFile);
  file.write(record_to_json(record, position, seed).dump(1) + "\n");
  file.close(/*to_disk=*/false);
}

}  // namespace cambium::train
