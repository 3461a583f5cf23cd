#include "cambium/train/grow_directory.h"

#include <map>
#include <optional>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/model/companions.h"
#include "cambium/model/config/layer_order.h"
#include "cambium/model/hugging_face.h"
#include "cambium/train/apply_growth.h"
#include "cambium/train/checkpoint.h"
#include "cambium/train/record/manifest.h"

namespace cambium::train {
namespace fs = std::filesystem;
using growth::GrowthEvent;
namespace {

/// A model that stands already is better served with the blocks that fit than with other depths.
void check_block(int64_t depth, int block_size) {
  if (block_size < 1 || depth % block_size == 0) {
    return;  // the operator itself refuses the former
  }
  std::vector<int64_t> fitting;
  for (int64_t block = 1; block <= depth; ++block) {
    if (depth % block == 0) {
      fitting.push_back(block);
    }
  }
  const int64_t below = depth / block_size * block_size;
  throw InvalidArgument(
      format("--block-size: the model's {} layers are no multiple of the block of {}; blocks that fit: "
             "{} (depths that fit a block of {}: {}{})",
             depth, block_size, fmt::join(fitting, ", "), block_size, below > 0 ? format("{}, ", below) : "",
             below + block_size));
}

/// The growths that a request means for a model of that depth.
std::vector<GrowthRecord> plan(const model::ModelConfig& config, const GrowRequest& request, int64_t step,
                               uint64_t seed) {
  auto depth = static_cast<int>(config.num_hidden_layers);
  std::vector<GrowthEvent> events;
  if (request.op == growth::kExplicit) {
    const growth::ExplicitGrowth told{1, request.sources, request.insert_at};
    events = growth::plan_explicit(depth + static_cast<int>(request.sources.size()), {&told, 1});
  } else {
    const growth::Operator& op = growth::find_operator(request.op);  // an unknown name is the first thing to say
    const int block = op.doubles && request.block_size == 0 ? 1 : request.block_size;
    check_block(depth, block);
    for (int i = 0; i < request.times; ++i) {
      const int grown = depth_after(op, depth, block);
      model::ModelConfig after = config;
      after.num_hidden_layers = grown;
      model::check(after, "the grown model");
      events.push_back(
          {step, request.op, depth, grown, op.grow({.num_layers = depth, .block_size = block, .seed = seed})});
      depth = grown;
    }
  }
  std::vector<GrowthRecord> records;
  for (GrowthEvent& event : events) {
    event.step = step;
    records.push_back({std::move(event), request.policy});
    records.back().policy.seed = seed;
  }
  return records;
}

/// config.json as its writer left it, but for the depth.
void write_config(const fs::path& from, const fs::path& to, int64_t num_hidden_layers) {
  formats::Json json = formats::read_json(from / "config.json");
  json["num_hidden_layers"] = num_hidden_layers;
  FileWriter writer(to / "config.json");
  writer.write(json.dump(2) + "\n");
  writer.close(/*sync=*/false);
}

/// A model directory, to be changed as a whole.
class Changing {
 public:
  explicit Changing(const fs::path& from)
      : from_(from), config(model::read_model_config(from)), stored_(model::stored_tensors(from)) {
    if (has_optimizer(from)) {
      trainer = read_trainer_file(from, config.num_hidden_layers);
    }
  }

  int64_t step() const { return trainer ? trainer->record.step : 0; }
  uint64_t seed(std::optional<uint64_t> wanted) const { return wanted.value_or(trainer ? trainer->seed : 1); }

  void load() {
    if (trainer) {
      Checkpoint checkpoint = load_checkpoint(from_);
      weights = std::move(checkpoint.weights);
      state = std::move(checkpoint.state);
    } else {
      weights = model::read_parameters(from_, config);
    }
  }

  /// `order[layer]`: the stored layer whose dtypes a layer takes.
  void write(StagedDirectory& staged, const std::vector<int>& order) const {
    const fs::path& to = staged.staging();
    model::write_model(to, config, weights,
                       [&](const std::string& name) { return stored_.at(model::name_before(name, order)).dtype; });
    write_config(from_, to, config.num_hidden_layers);
    model::copy_companions(from_, to);
    if (trainer) {
      write_training_files(to, config, state, trainer->position, trainer->seed);
      write_manifest(to);
    }
    staged.commit();
  }

 private:
  fs::path from_;

 public:
  model::ModelConfig config;
  model::Parameters weights;
  std::optional<TrainerFile> trainer;  ///< of a checkpoint
  TrainState state;                    ///< likewise, loaded

 private:
  std::map<std::string, formats::TensorInfo> stored_;
};

}  // namespace

std::vector<GrowthRecord> grow_directory(const fs::path& from, const fs::path& to, const GrowRequest& request) {
  Changing model(from);
  if (!model.config.norm_positions.empty()) {
    bad_input("{}: its LN-Scaling follows a planned depth (`layer_norm_scaling_positions`); convert it first",
              from.string());
  }
  if (model.config.loop) {
    bad_input("{}: a looped model; convert it first", from.string());
  }
  const std::vector<GrowthRecord> records = plan(model.config, request, model.step(), model.seed(request.seed));
  StagedDirectory staged(to);
  model.load();
  std::vector<int> order = model::plain_order(model.config.num_hidden_layers);
  for (const GrowthRecord& record : records) {
    if (model.trainer) {
      grow(model.config, model.weights, model.state, record);
    } else {
      grow(model.config, model.weights, record);
    }
    std::vector<int> grown;
    for (const int layer : layer_map(record.event.from_layers, record.event.growth)) {
      grown.push_back(layer == growth::kNoSource ? 0 : order[static_cast<size_t>(layer)]);
    }
    order = std::move(grown);
  }
  model.config.num_hidden_layers = static_cast<int64_t>(order.size());
  model.write(staged, order);
  return records;
}

growth::SymmetrizeEvent symmetrize_directory(const fs::path& from, const fs::path& to,
                                             const SymmetrizeRequest& request) {
  Changing model(from);
  const auto depth = static_cast<int>(model.config.num_hidden_layers);
  growth::grow_by("midas", depth, request.block_size);  // says what is wrong with a block that does not fit
  growth::SymmetrizeEvent event{
      .step = model.step(), .block_size = request.block_size, .how = request.how, .pairs = {}};
  event.how.seed = model.seed(request.seed);
  event.pairs = growth::block_pairs(depth / request.block_size, event.how);
  StagedDirectory staged(to);
  model.load();
  if (model.trainer) {
    symmetrize(model.config, model.weights, model.state, event);
  } else {
    symmetrize(model.config, model.weights, event);
  }
  model.write(staged, model::plain_order(depth));
  return event;
}

}  // namespace cambium::train
