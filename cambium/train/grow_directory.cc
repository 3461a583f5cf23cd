#include "cambium/train/grow_directory.h"

#include <optional>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/model/companions.h"
#include "cambium/model/hugging_face.h"
#include "cambium/train/checkpoint.h"
#include "cambium/train/manifest.h"

namespace cambium::train {
namespace fs = std::filesystem;
using growth::GrowthEvent;
namespace {

/// A model that stands already is better served with the blocks that fit than with other depths.
void check_block(int64_t depth, const GrowRequest& request) {
  if (request.block_size < 1 || depth % request.block_size == 0) {
    return;  // the operator itself refuses the former
  }
  std::vector<int64_t> fitting;
  for (int64_t block = 1; block <= depth; ++block) {
    if (depth % block == 0) {
      fitting.push_back(block);
    }
  }
  const int64_t below = depth / request.block_size * request.block_size;
  throw InvalidArgument(
      format("--block-size: the model's {} layers are no multiple of the block of {}; blocks that fit: "
             "{} (depths that fit a block of {}: {}{})",
             depth, request.block_size, fmt::join(fitting, ", "), request.block_size,
             below > 0 ? format("{}, ", below) : "", below + request.block_size));
}

std::vector<GrowthEvent> plan(const model::ModelConfig& config, const GrowRequest& request, int64_t step) {
  growth::grow_by(request.op, 1, 1);  // an unknown name is the first thing to say
  check_block(config.num_hidden_layers, request);
  std::vector<GrowthEvent> events;
  auto depth = static_cast<int>(config.num_hidden_layers);
  for (int i = 0; i < request.times; ++i) {
    const growth::Growth growth = growth::grow_by(request.op, depth, request.block_size);
    model::ModelConfig grown = config;
    grown.num_hidden_layers = int64_t{depth} + request.block_size;
    model::check(grown, "the grown model");
    events.push_back({step, request.op, depth, depth + request.block_size, growth});
    depth += request.block_size;
  }
  return events;
}

/// The stored name of the tensor that a grown model's tensor is a copy of.
std::string name_before(const std::string& name, const std::vector<int>& order) {
  for (size_t layer = 0; layer < order.size(); ++layer) {
    const std::string prefix = model::layer_prefix(static_cast<int64_t>(layer));
    if (name.starts_with(prefix)) {
      return model::layer_prefix(order[layer]) + name.substr(prefix.size());
    }
  }
  return name;
}

/// config.json as its writer left it, but for the depth.
void write_config(const fs::path& from, const fs::path& to, int64_t num_hidden_layers) {
  formats::Json json = formats::read_json(from / "config.json");
  json["num_hidden_layers"] = num_hidden_layers;
  FileWriter writer(to / "config.json");
  writer.write(json.dump(2) + "\n");
  writer.close(/*sync=*/false);
}

}  // namespace

std::vector<GrowthEvent> grow_directory(const fs::path& from, const fs::path& to, const GrowRequest& request) {
  model::ModelConfig config = model::read_model_config(from);
  const bool is_checkpoint = has_optimizer(from);
  const int64_t step = is_checkpoint ? read_trainer_file(from, config.num_hidden_layers).state.step : 0;
  const std::vector<GrowthEvent> events = plan(config, request, step);
  const std::vector<int> order = growth::lineage(static_cast<int>(config.num_hidden_layers), events);
  const std::map<std::string, formats::TensorInfo> stored = model::stored_tensors(from);
  StagedDirectory staged(to);

  std::optional<Checkpoint> checkpoint;
  model::Parameters weights;
  if (is_checkpoint) {
    checkpoint = load_checkpoint(from);
    weights = std::move(checkpoint->weights);
    for (const GrowthEvent& event : events) {
      grow(weights, checkpoint->state, event, request.moments);
    }
  } else {
    weights = model::read_parameters(from, config);
    model::remap_layers(weights, order);
  }
  config.num_hidden_layers = static_cast<int64_t>(order.size());
  model::write_model(staged.staging(), config, weights,
                     [&](const std::string& name) { return stored.at(name_before(name, order)).dtype; });
  write_config(from, staged.staging(), config.num_hidden_layers);
  model::copy_companions(from, staged.staging());
  if (checkpoint) {
    write_training_files(staged.staging(), config, checkpoint->state, checkpoint->position, checkpoint->seed);
    write_manifest(staged.staging());
  }
  staged.commit();
  return events;
}

}  // namespace cambium::train
