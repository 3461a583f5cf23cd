#include "tests/fuzz/targets.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/config/run_config.h"
#include "cambium/data/dataset.h"
#include "cambium/data/document_reader.h"
#include "cambium/data/manifest.h"
#include "cambium/data/synth/templates.h"
#include "cambium/eval/tasks/answer_log.h"
#include "cambium/eval/tasks/encoder.h"
#include "cambium/eval/tasks/example.h"
#include "cambium/formats/json.h"
#include "cambium/formats/llama2c.h"
#include "cambium/formats/parquet.h"
#include "cambium/formats/safetensors.h"
#include "cambium/formats/streams.h"
#include "cambium/model/config/model_config.h"
#include "cambium/model/config/weight_files.h"
#include "cambium/report/read_results.h"
#include "cambium/report/read_run.h"
#include "cambium/report/section.h"
#include "cambium/report/study_file.h"
#include "cambium/study/jobs/study_config.h"
#include "cambium/text/tokenizer.h"
#include "cambium/train/record/manifest.h"
#include "cambium/train/record/trainer_file.h"

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

void use(const text::Tokenizer& tokenizer) {
  std::vector<int32_t> ids;
  tokenizer.encode("The quick  brown fox, 12345 \xC3\xA4\xE2\x82\xAC\n\tdon't ab a", ids);
  tokenizer.decode(ids);
  eval::Encoder(tokenizer, /*max_length=*/64);
}

[[maybe_unused]] void read_parquet(const Input& input) {
  const auto reader = formats::open_parquet(input.file(), {"text"});
  reader->skip(1);
  formats::ParquetRows rows;
  while (reader->next(rows, 64)) {
  }
}

void write(const fs::path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }

/// A folder that holds the input under that name.
fs::path folder_with(const Input& input, const char* name) {
  const fs::path folder = scratch() / name;
  fs::create_directories(folder);
  write(folder / name, input.bytes());
  return folder;
}

/// A checkpoint's, beside one small file.
void check_manifest(const Input& input) {
  const fs::path folder = folder_with(input, "manifest.json");
  write(folder / "trainer.json", "{}");
  train::check_manifest(folder, /*hashes=*/true);
  train::stated_hash(folder, "trainer.json");
}

void read_trainer(const Input& input) {
  train::trainer_file_from_json(formats::parse_json(input.bytes(), "trainer.json"), "trainer.json", /*num_layers=*/4);
}

/// A task file, and what it makes of an item.
void read_task(const Input& input) {
  const eval::Task task = eval::parse_task(input.bytes(), "task.toml");
  const formats::Json item{{"question", "Who?"},     {"choices", {"a", "b"}},        {"answer", 1},
                           {"title", " A b. "},      {"context", "['Question: x']"}, {"answers", "['a', 'No answer']"},
                           {"aliases", {"c", "d d"}}};
  eval::make_example(task, {item, "item"});
}

/// An evaluation set: the first byte says in which form.
void read_evaluation_set(const Input& input) {
  const std::vector<std::string>& forms = eval::source_forms();
  const std::string_view bytes = input.bytes();
  eval::Source source;
  source.form =
      forms[bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]) % (forms.size() - 1)];  // all but "synth"
  source.file = "items";
  source.items = source.form == "xml" ? "item" : "";
  const fs::path folder = scratch() / "items";
  fs::create_directories(folder);
  write(folder / source.file, bytes.substr(std::min<size_t>(1, bytes.size())));
  eval::read_source(source, folder, std::nullopt);
}

/// The page of a run with one analysis: the first byte says which, the rest is its JSON.
void make_page(const Input& input) {
  constexpr std::array kNames{"contributions",     "cosines",     "depth-score",      "early-exit",
                              "logit-lens",        "remove",      "reverse",          "swap",
                              "signatures",        "skip-effect", "attention",        "cka",
                              "weight-similarity", "retrieval",   "residual-erasure", "angular-distance"};
  const std::string_view bytes = input.bytes();
  const fs::path folder = scratch() / "page";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const std::string name = kNames[bytes.empty() ? 0 : static_cast<unsigned char>(bytes[0]) % kNames.size()];
  write(folder / "metrics.jsonl",
        R"({"step": 10, "tokens": 99, "loss": 2.5, "grad_norm": 1, "lr": 0.01, "layers": 4, "seconds": 1})"
        "\n");
  write(folder / (name + ".json"), bytes.substr(std::min<size_t>(1, bytes.size())));
  const std::array directories{folder};
  const report::Collection collection = report::collect(directories);
  const report::Links links(folder / "report.html");
  for (const auto& section :
       {report::summary_section, report::results_section, report::claims_section, report::tasks_section,
        report::training_section, report::growth_section, report::depth_section, report::order_section,
        report::sublayer_section, report::similarity_section, report::attention_section, report::signatures_section,
        report::made_section}) {
    section(collection, links);
  }
}

void read_answers(const Input& input) {
  std::string_view left = input.bytes();
  while (!left.empty()) {
    const size_t end = std::min(left.find('\n'), left.size());
    if (const auto line = eval::parse_answer_line(left.substr(0, end))) {
      eval::to_line(line->request, line->response);
    }
    left.remove_prefix(std::min(end + 1, left.size()));
  }
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
  const std::string json = to_json(manifest).dump();
  const fs::path folder = folder_with(Input(json, ""), "manifest.json");
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
      {"weight_files", ".json",
       [](const Input& input) { model::weight_files(folder_with(input, "model.safetensors.index.json")); }},
      {"tokenizer", ".json", [](const Input& input) { use(text::Tokenizer::parse(input.bytes(), "tokenizer.json")); }},
      {"sentencepiece", ".model",
       [](const Input& input) { use(text::Tokenizer::parse(input.bytes(), "tokenizer.model")); }},
      {"run_config", ".toml", [](const Input& input) { config::parse_run_config(input.bytes(), "run.toml", {}); }},
      {"study_config", ".toml", [](const Input& input) { study::load_study(input.file(), {}); }},
      {"templates", ".toml", [](const Input& input) { data::parse_templates(input.bytes(), "templates.toml"); }},
      {"text_template", "", [](const Input& input) { data::TextTemplate::parse(input.bytes()); }},
      {"manifest", ".json", [](const Input& input) { data::read_manifest(folder_with(input, "manifest.json")); }},
      {"checkpoint", ".json", check_manifest},
      {"trainer", ".json", read_trainer},
      {"metrics", ".jsonl", [](const Input& input) { report::read_run(folder_with(input, "metrics.jsonl")); }},
#ifdef CAMBIUM_PARQUET
      {"parquet", ".parquet", read_parquet},
#endif
      {"task", ".toml", read_task},
      {"evaluation_set", "", read_evaluation_set},
      {"answers", ".jsonl", read_answers},
      {"dataset", ".bin", read_shards},
      {"text", ".txt", [](const Input& input) { read_documents(input, data::InputFile::Kind::kText); }},
      {"json_lines", ".jsonl", [](const Input& input) { read_documents(input, data::InputFile::Kind::kJsonLines); }},
      {"evaluation", ".json", [](const Input& input) { report::read_evaluation(input.file()); }},
      {"page", ".json", make_page},
      {"study_record", ".json", [](const Input& input) { report::read_study_file(input.file()); }},
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
