#include "apps/cambium/model_dir.h"

#include <string>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/base/log.h"
#include "cambium/model/config/layer_order.h"
#include "cambium/model/hugging_face.h"
#include "cambium/train/checkpoint.h"
#include "cambium/train/record/manifest.h"

namespace fs = std::filesystem;

fs::path open_model_directory(const fs::path& path) {
  fs::path directory = path;
  if (is_run(path)) {
    const std::vector<fs::path> checkpoints = cambium::train::list_checkpoints(path);
    if (checkpoints.empty()) {
      cambium::bad_input("{}: a run without a complete checkpoint", path.string());
    }
    directory = checkpoints.back();
    cambium::log_info(
        cambium::format("{}: a run; taking its newest checkpoint, {}", path.string(), directory.filename().string()));
  }
  if (is_checkpoint(directory)) {
    const std::string wrong = cambium::train::check_manifest(directory, /*hashes=*/true);
    if (!wrong.empty()) {
      cambium::bad_input("{}", wrong);
    }
  }
  return directory;
}

cambium::model::Llama load_model(const fs::path& directory, const std::string& precision, const std::string& order) {
  using namespace cambium::model;
  Llama model = load_llama(directory, precision == "float32" ? Precision::kFloat32 : Precision::kBFloat16);
  if (!order.empty()) {
    model.order = parse_layer_order(order, model.num_layers());
  }
  return model;
}

cambium::model::Llama load_arranged_model(const fs::path& directory, const std::string& precision,
                                          const std::string& order) {
  using namespace cambium::model;
  ModelConfig config = read_model_config(directory);
  Parameters parameters = read_parameters(directory, config);
  if (order.empty()) {
    unroll_loop(config, parameters);
  } else {
    arrange_layers(config, parameters, parse_layer_order(order, config.num_hidden_layers));
  }
  return {config, std::move(parameters), precision == "float32" ? Precision::kFloat32 : Precision::kBFloat16};
}

bool is_checkpoint(const fs::path& directory) {
  return fs::exists(directory / "config.json") && fs::exists(directory / "trainer.json");
}

bool is_run(const fs::path& directory) {
  return fs::is_directory(directory / "checkpoints") && !fs::exists(directory / "config.json");
}
