#include "cambium/model/llama2c.h"

#include <algorithm>
#include <map>

#include "cambium/formats/llama2c.h"

namespace cambium::model {

StoredModel read_llama2c_model(const std::filesystem::path& file) {
  const formats::Llama2cModel stored = formats::read_llama2c(file);
  ModelConfig config;
  config.vocab_size = stored.vocab_size;
  config.hidden_size = stored.hidden_size;
  config.intermediate_size = stored.intermediate_size;
  config.num_hidden_layers = stored.num_hidden_layers;
  config.num_attention_heads = stored.num_attention_heads;
  config.num_key_value_heads = stored.num_key_value_heads;
  config.max_position_embeddings = stored.max_position_embeddings;
  config.rms_norm_eps = 1e-5;
  config.tie_word_embeddings = stored.tie_word_embeddings;
  config.bos_token_id = 1;
  config.eos_token_id = 2;
  check(config, file.string());

  std::map<std::string, const formats::Llama2cModel::Tensor*> by_name;
  for (const formats::Llama2cModel::Tensor& tensor : stored.tensors) {
    by_name[tensor.name] = &tensor;
  }
  Parameters parameters = Parameters::zeros(config, at::kFloat);
  for_each_tensor(config, parameters, [&](const std::string& name, const at::Tensor& view) {
    const std::vector<float>& values = by_name.at(name)->values;
    std::copy(values.begin(), values.end(), view.mutable_data_ptr<float>());
  });
  return {config, std::move(parameters)};
}

}  // namespace cambium::model
