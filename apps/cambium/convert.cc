#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/progress.h"
#include "cambium/model/companions.h"
#include "cambium/model/config/layer_order.h"
#include "cambium/model/hugging_face.h"
#include "cambium/model/llama2c.h"
#include "cambium/text/tokenizer.h"

namespace {

namespace fs = std::filesystem;
using cambium::formats::DType;
using cambium::formats::Json;
using cambium::model::DTypeOf;
using cambium::model::ModelConfig;
using cambium::model::StoredModel;

constexpr const char* kTokenizer = "tokenizer.json";

/// Layer i is written as layer order[i] is stored.
DTypeOf stored_types(const fs::path& in, const std::vector<int>& order) {
  if (fs::is_regular_file(in)) {
    return [](const std::string&) { return DType::kFloat32; };
  }
  return [stored = cambium::model::stored_tensors(in), order](const std::string& name) {
    return stored.at(cambium::model::name_before(name, order)).dtype;
  };
}

DTypeOf wanted_types(const std::string& dtype, const fs::path& in, const std::vector<int>& order) {
  static const std::map<std::string, DType> kNames{
      {"float32", DType::kFloat32}, {"bfloat16", DType::kBFloat16}, {"float16", DType::kFloat16}};
  if (dtype == "stored") {
    return stored_types(in, order);
  }
  return [type = kNames.at(dtype)](const std::string&) { return type; };
}

StoredModel read(const fs::path& in) {
  if (fs::is_regular_file(in)) {
    return cambium::model::read_llama2c_model(in);
  }
  const ModelConfig config = cambium::model::read_model_config(in);
  return {config, cambium::model::read_parameters(in, config)};
}

void write_json(const fs::path& file, const Json& json) {
  cambium::FileWriter writer(file);
  writer.write(json.dump(2) + "\n");
  writer.close(/*sync=*/false);
}

/// What transformers looks for beside a model and a checkpoint of ours does not hold.
void complete(const fs::path& directory, const ModelConfig& config, bool ours) {
  Json generation = Json::object(), tokenizer{{"tokenizer_class", "PreTrainedTokenizerFast"},
                                              {"clean_up_tokenization_spaces", false},
                                              {"model_max_length", config.max_position_embeddings}};
  if (config.bos_token_id) generation["bos_token_id"] = *config.bos_token_id;
  if (config.eos_token_id) generation["eos_token_id"] = *config.eos_token_id;
  if (!generation.empty() && !fs::exists(directory / "generation_config.json")) {
    write_json(directory / "generation_config.json", generation);
  }
  // Without this file transformers takes a LLaMA's tokenizer for SentencePiece.
  if (ours && fs::exists(directory / kTokenizer) && !fs::exists(directory / "tokenizer_config.json")) {
    const auto known = cambium::text::Tokenizer::load(directory / kTokenizer);
    const auto name = [&](const char* key, const std::optional<int64_t>& id) {
      if (id && *id < known.vocab_size()) tokenizer[key] = known.decode(std::vector{static_cast<int32_t>(*id)});
    };
    name("bos_token", config.bos_token_id);
    name("eos_token", config.eos_token_id);
    write_json(directory / "tokenizer_config.json", tokenizer);
  }
}

}  // namespace

int convert_main(int argc, char** argv) {
  CLI::App app("Makes a portable Hugging Face directory of a model: no optimizer state, LN-Scaling folded in.");
  std::string in, out, dtype = "stored";
  app.add_option("IN", in, "Model directory, a run's (its newest checkpoint), or a llama2.c file (.bin)")
      ->required()
      ->type_name("PATH");
  app.add_option("OUT", out, "Directory to make; must not exist")->required()->type_name("DIR");
  app.add_option("--dtype", dtype, "float32, bfloat16, float16, or stored: as IN has it")
      ->check(CLI::IsMember({"stored", "float32", "bfloat16", "float16"}));
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  const fs::path source = open_model_directory(in);
  if (fs::exists(out)) {
    cambium::bad_input("{}: already exists", out);
  }
  StoredModel model = read(source);
  const bool folded = model.config.layer_norm_scaling;
  const bool unrolled = model.config.loop.has_value();
  const std::vector<int> order = layer_order(model.config);  // the stored layer behind each one written
  cambium::model::unroll_loop(model.config, model.parameters);
  cambium::model::fold_layer_norm_scaling(model.config, model.parameters);
  const DTypeOf types = wanted_types(dtype, source, order);
  cambium::StagedDirectory staged(out);
  cambium::model::write_model(staged.staging(), model.config, model.parameters, types, staged.target());
  if (fs::is_directory(source)) {
    cambium::model::copy_companions(source, staged.staging());
  }
  complete(staged.staging(), model.config, is_checkpoint(source));
  staged.commit();
  std::printf("%s: %s parameters, %lld layers%s%s\n", out.c_str(),
              cambium::format_count(model.config.parameters()).c_str(),
              static_cast<long long>(model.config.num_hidden_layers),
              folded ? "; LN-Scaling folded into the norm weights" : "", unrolled ? "; loop unrolled" : "");
  return 0;
}
