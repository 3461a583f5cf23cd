#include "tests/fuzz/targets.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <span>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/config/run_config.h"
#include "cambium/data/dataset.h"
#include "cambium/data/document_reader.h"
#include "cambium/data/manifest.h"
#include "cambium/data/synth/templates.h"
#include "cambium/formats/json.h"
#include "cambium/formats/llama2c.h"
#include "cambium/formats/safetensors.h"
#include "cambium/formats/streams.h"
#include "cambium/model/config/model_config.h"
#include "cambium/report/read_results.h"
#include "cambium/study/jobs/study_config.h"
#include "cambium/text/sentencepiece_model.h"
#include "cambium/text/tokenizer.h"

namespace cambium::fuzz {
namespace fs = std::filesystem;
namespace {

/// In memory where the machine has such a folder.
fs::path scratch() {
  static const fs::path folder = [] {
    std::error_code ignored;
    const fs::path memory = "/dev/shm";
    const fs::path base = fs::is_directory(memory, ignored) ? memory : fs::temp_directory_path();
    const fs::path made = base / ("cambium-fuzz-" + std::to_string(getpid()));
    fs::create_directories(made);
    return made;
  }();
  return folder;
}

void read_documents(const Input& input, data::InputFile::Kind kind) {
  const fs::path file = input.file();
  const std::vector<data::InputFile> files{
      {.path = file, .kind = kind, .bytes = static_cast<int64_t>(input.bytes().size())}};
  const data::TextTemplate text = data::TextTemplate::field("text");
  data::DocumentReader reader(files, text);
  data::DocumentBatch batch;
  while (reader.next(batch)) {
    for (const std::string& entry : batch.entries) {
      if (kind == data::InputFile::Kind::kJsonLines) {
        text.from_json(formats::parse_json(entry, "line"), "line");
      }
    }
  }
}

void read_safetensors(const Input& input) {
  const formats::SafetensorsReader reader(input.file());
  for (const formats::TensorInfo& tensor : reader.tensors()) {
    if (tensor.dtype == formats::DType::kFloat32 || tensor.dtype == formats::DType::kBFloat16 ||
        tensor.dtype == formats::DType::kFloat16) {
      std::vector<float> values(static_cast<size_t>(tensor.numel()));
      reader.read_float32(tensor, values);
    }
  }
}

void read_tokenizer(const Input& input) {
  const text::Tokenizer tokenizer = text::Tokenizer::parse(input.bytes(), "tokenizer.json");
  std::vector<int32_t> ids;
  tokenizer.encode("The quick  brown fox, 12345 \xC3\xA4\xE2\x82\xAC\n\tdon't", ids);
  tokenizer.decode(ids);
}

void write(const fs::path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }

void read_manifest(const Input& input) {
  const fs::path folder = scratch() / "manifest";
  fs::create_directories(folder);
  write(folder / "manifest.json", input.bytes());
  data::read_manifest(folder);
}

/// The shards of a dataset whose manifest is in order: up to here the ids of 16 tokens, behind it where documents
/// begin.
void read_shards(const Input& input) {
  constexpr size_t kTokenBytes = 32;
  data::ShardInfo shard;
  shard.file = "tokens.bin";
  shard.documents_file = "documents.bin";
  data::SplitInfo split;
  split.name = "train";
  shard.tokens = split.tokens = 16;
  shard.documents = split.documents = 2;
  split.shards = {shard};
  data::Manifest manifest;
  manifest.vocab_size = 300;
  manifest.splits = {split};
  const fs::path folder = scratch() / "dataset";
  fs::create_directories(folder);
  write(folder / "manifest.json", to_json(manifest).dump());
  write(folder / "tokens.bin", input.bytes().substr(0, kTokenBytes));
  write(folder / "documents.bin", input.bytes().substr(std::min(kTokenBytes, input.bytes().size())));
  const data::TokenDataset dataset = data::TokenDataset::open(folder);
  std::vector<int32_t> ids(static_cast<size_t>(dataset.num_tokens()));
  dataset.read(0, ids);
  for (int64_t i = 0; i < dataset.num_documents(); ++i) {
    const auto [begin, end] = dataset.document_range(i);
    dataset.read(begin, std::span(ids).first(static_cast<size_t>(end - begin)));
  }
}

}  // namespace

fs::path Input::file() const {
  fs::path file = scratch() / (std::string("input") + suffix_);
  std::ofstream(file, std::ios::binary).write(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
  return file;
}

const std::vector<Target>& targets() {
  static const std::vector<Target> all{
      {"safetensors", ".safetensors", read_safetensors},
      {"llama2c", ".bin", [](const Input& input) { formats::read_llama2c(input.file()); }},
      {"json", ".json", [](const Input& input) { formats::parse_json(input.bytes(), "input"); }},
      {"model_config", ".json",
       [](const Input& input) {
         model::model_config_from_json(formats::parse_json(input.bytes(), "c"), "config.json");
       }},
      {"tokenizer", ".json", read_tokenizer},
      {"sentencepiece", ".model", [](const Input& input) { text::read_normalizer(input.bytes(), "tokenizer.model"); }},
      {"run_config", ".toml", [](const Input& input) { config::parse_run_config(input.bytes(), "run.toml", {}); }},
      {"study_config", ".toml", [](const Input& input) { study::load_study(input.file(), {}); }},
      {"templates", ".toml", [](const Input& input) { data::parse_templates(input.bytes(), "templates.toml"); }},
      {"text_template", "", [](const Input& input) { data::TextTemplate::parse(input.bytes()); }},
      {"manifest", ".json", read_manifest},
      {"dataset", ".bin", read_shards},
      {"text", ".txt", [](const Input& input) { read_documents(input, data::InputFile::Kind::kText); }},
      {"json_lines", ".jsonl", [](const Input& input) { read_documents(input, data::InputFile::Kind::kJsonLines); }},
      {"evaluation", ".json", [](const Input& input) { report::read_evaluation(input.file()); }},
      {"analysis", ".json", [](const Input& input) { report::read_analysis(input.file()); }},
  };
  return all;
}

void run(const Target& target, std::string_view bytes) {
  try {
    target.read(Input(bytes, target.suffix));
  } catch (const InvalidInput&) {
    // as it should be
  }
}

}  // namespace cambium::fuzz
