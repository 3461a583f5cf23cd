#include "cambium/analysis/run.h"
#include "cambium/analysis/values.h"
#include "cambium/analysis/weights.h"
#include "cambium/base/error.h"
#include "cambium/model/hugging_face.h"

namespace cambium::analysis {
namespace {

/// One column a kind, then all of them: calls use(name, x [layers, entries]).
template <typename Use>
void for_each_kind(const model::ModelConfig& config, const std::vector<at::Tensor>& layers, Use use) {
  std::vector<at::Tensor> flat;
  for (size_t matrix = 0; matrix < kMatrices.size(); ++matrix) {
    flat.push_back(matrices(config, layers, matrix).flatten(1));
    use(std::string(kMatrices[matrix]), flat.back());
  }
  use("all", at::cat(flat, 1));
}

/// The layers of an earlier checkpoint subtracted.
std::vector<at::Tensor> updates_since(const Context& context, const std::filesystem::path& before) {
  const model::Llama& now = context.engine.model();
  const model::ModelConfig config = model::read_model_config(before);
  if (config.num_hidden_layers != now.config.num_hidden_layers || config.hidden_size != now.config.hidden_size ||
      config.intermediate_size != now.config.intermediate_size ||
      config.num_key_value_heads != now.config.num_key_value_heads) {
    bad_input(
        "--before {}: expected the shape of the model ({} layers, hidden size {}), found {} layers, hidden size {}",
        before.string(), now.config.num_hidden_layers, now.config.hidden_size, config.num_hidden_layers,
        config.hidden_size);
  }
  const model::Parameters old = model::read_parameters(before, config);
  std::vector<at::Tensor> updates;
  for (size_t layer = 0; layer < old.layers.size(); ++layer) {
    updates.push_back(now.weights.layers[layer].cpu() - old.layers[layer]);
  }
  return updates;
}

}  // namespace

Values weight_similarity(Context& context) {
  const model::Llama& model = context.engine.model();
  const int64_t block = context.settings.block_size, layers = context.num_layers();
  context.partial.expect(static_cast<int64_t>(kMatrices.size()), "kinds of matrices");
  Values values, asymmetries = Values::object(), blocks = Values::object();
  for_each_kind(model.config, model.weights.layers, [&](const std::string& name, const at::Tensor& flat) {
    const at::Tensor table = cosine_table(flat);
    values[name] = to_json(table);
    asymmetries[name] = asymmetry(table);
    if (block > 0 && layers >= 2 * block) {
      const int64_t count = layers / block;
      const at::Tensor by_block = cosine_table(flat.narrow(0, 0, count * block).view({count, -1}));
      blocks["blocks_" + name] = to_json(by_block);
      blocks["asymmetry_blocks_" + name] = asymmetry(by_block);
    }
  });
  for (const auto& [name, value] : asymmetries.items()) {
    values["asymmetry_" + name] = value;
  }
  values.update(blocks);
  for (size_t matrix = 0; matrix < kMatrices.size(); ++matrix) {
    const std::string name(kMatrices[matrix]);
    values["effective_rank_" + name] = context.partial.get(
        name, [&] { return to_json(effective_ranks(matrices(model.config, model.weights.layers, matrix))); });
  }
  if (!context.settings.before.empty()) {
    for_each_kind(model.config, updates_since(context, context.settings.before),
                  [&](const std::string& name, const at::Tensor& flat) {
                    values["updates_" + name] = to_json(cosine_table(flat));
                  });
  }
  return values;
}

}  // namespace cambium::analysis
