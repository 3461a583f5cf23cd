#include "cambium/data/manifest.h"

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/base/text.h"
#include "cambium/data/dataset.h"

namespace cambium::data {
namespace fs = std::filesystem;
using formats::Json;
using formats::JsonView;
namespace {

constexpr int64_t kMaxCount = int64_t{1} << 56;  // sums of a few such counts still fit into int64_t

/// A plain name inside the dataset's directory: nothing that leads elsewhere.
std::string file_name(const JsonView& view, std::string_view key) {
  const std::string name = view.string(key);
  if (!is_file_name(name)) view.fail(key, "a file name without folders");
  return name;
}

ShardInfo shard_from_json(const JsonView& view) {
  ShardInfo shard;
  shard.file = file_name(view, "file");
  shard.documents_file = file_name(view, "documents_file");
  shard.tokens = view.integer("tokens", 1, kMaxCount);
  shard.documents = view.integer("documents", 1, shard.tokens);
  shard.hash = view.string("xxh3_128");
  shard.documents_hash = view.string("documents_xxh3_128");
  return shard;
}

void verify_hash(const fs::path& file, const std::string& expected) {
  const std::string found = hash_file(file);
  if (found != expected)
    bad_input("{}: XXH3-128 {}: expected {} (the file has changed)", file.string(), found, expected);
}

void verify_documents(const fs::path& file, const ShardInfo& shard) {
  const MappedFile mapped(file, shard.documents * 8);
  const auto* offsets = reinterpret_cast<const uint64_t*>(mapped.bytes().data());
  for (int64_t i = 0; i < shard.documents; ++i) {
    const bool in_order = i == 0 ? offsets[0] == 0 : offsets[i] > offsets[i - 1];
    if (!in_order || offsets[i] >= static_cast<uint64_t>(shard.tokens)) {
      bad_input("{}: document {} begins at token {}: expected ascending offsets from 0, below {}", file.string(), i,
                offsets[i], shard.tokens);
    }
  }
}

}  // namespace

Json to_json(const SplitInfo& split, int token_bytes) {
  Json shards = Json::array();
  for (const ShardInfo& shard : split.shards) {
    shards.push_back({{"file", shard.file},
                      {"tokens", shard.tokens},
                      {"documents", shard.documents},
                      {"bytes", shard.tokens * token_bytes},
                      {"xxh3_128", shard.hash},
                      {"documents_file", shard.documents_file},
                      {"documents_xxh3_128", shard.documents_hash}});
  }
  return {
      {"tokens", split.tokens}, {"documents", split.documents}, {"text_bytes", split.text_bytes}, {"shards", shards}};
}

SplitInfo split_from_json(const std::string& name, const JsonView& view, int token_bytes) {
  SplitInfo split;
  split.name = name;
  split.tokens = view.integer("tokens", 0, kMaxCount);
  split.documents = view.integer("documents", 0, kMaxCount);
  split.text_bytes = view.integer("text_bytes", 0, kMaxCount);
  int64_t tokens = 0, documents = 0;
  const Json& shards = view.list("shards");
  for (size_t i = 0; i < shards.size(); ++i) {
    const JsonView shard_view(shards[i], format("{}: shard {}", view.what(), i));
    split.shards.push_back(shard_from_json(shard_view));
    const int64_t count = split.shards.back().tokens;
    if (shard_view.integer("bytes", 0, INT64_MAX) != count * token_bytes) {
      shard_view.fail("bytes", format("{} ({} tokens of {} bytes)", count * token_bytes, count, token_bytes));
    }
    tokens += count;
    documents += split.shards.back().documents;
    if (tokens > kMaxCount) shard_view.fail("tokens", "fewer tokens in all shards");
  }
  if (tokens != split.tokens) view.fail("tokens", format("{}, the sum over its shards", tokens));
  if (documents != split.documents) view.fail("documents", format("{}, the sum over its shards", documents));
  return split;
}

int token_bytes_for(int32_t vocab_size) { return vocab_size <= 65536 ? 2 : 4; }

const SplitInfo& Manifest::split(const std::string& name, const fs::path& directory) const {
  std::vector<std::string> names;
  for (const SplitInfo& split : splits) {
    if (split.name == name) return split;
    names.push_back(split.name);
  }
  bad_input("{}: no split `{}`: expected one of {}", directory.string(), name, join(names, ", "));
}

Json to_json(const InputInfo& input) {
  return {{"path", input.path},           {"bytes", input.bytes},
          {"documents", input.documents}, {"empty_documents", input.empty_documents},
          {"bad_lines", input.bad_lines}, {"duplicate_documents", input.duplicate_documents}};
}

InputInfo input_from_json(const JsonView& view) {
  InputInfo input{.path = view.string("path"),
                  .bytes = view.integer("bytes", 0, INT64_MAX),
                  .documents = view.integer("documents", 0, INT64_MAX),
                  .empty_documents = view.integer("empty_documents", 0, INT64_MAX),
                  .bad_lines = view.integer("bad_lines", 0, INT64_MAX)};
  if (view.has("duplicate_documents")) {  // older datasets have no such count
    input.duplicate_documents = view.integer("duplicate_documents", 0, INT64_MAX);
  }
  return input;
}

Json to_json(const Manifest& manifest) {
  Json splits = Json::object();
  for (const SplitInfo& split : manifest.splits) splits[split.name] = to_json(split, manifest.token_bytes);
  Json inputs = Json::array();
  for (const InputInfo& input : manifest.inputs) {
    inputs.push_back(to_json(input));
  }
  return {{"format", kDatasetFormat},
          {"version", kDatasetVersion},
          {"tokenizer", {{"file", manifest.tokenizer_file}, {"xxh3_128", manifest.tokenizer_hash}}},
          {"vocab_size", manifest.vocab_size},
          {"end_of_text", manifest.end_of_text},
          {"token_bytes", manifest.token_bytes},
          {"splits", splits},
          {"sources", inputs},
          {"settings", manifest.settings}};
}

Manifest manifest_from_json(const Json& json, const std::string& what) {
  const JsonView view(json, what);
  if (view.string("format") != kDatasetFormat) view.fail("format", format("\"{}\"", kDatasetFormat));
  view.integer("version", kDatasetVersion, kDatasetVersion);
  Manifest manifest;
  manifest.tokenizer_file = file_name(view.object("tokenizer"), "file");
  manifest.tokenizer_hash = view.object("tokenizer").string("xxh3_128");
  manifest.vocab_size = static_cast<int32_t>(view.integer("vocab_size", 1, INT32_MAX));
  manifest.end_of_text = static_cast<int32_t>(view.integer("end_of_text", 0, manifest.vocab_size - 1));
  const int expected_bytes = token_bytes_for(manifest.vocab_size);
  manifest.token_bytes = static_cast<int>(view.integer("token_bytes", expected_bytes, expected_bytes));
  const Json& splits = view.at("splits");
  if (!splits.is_object()) view.fail("splits", "an object");
  for (const auto& [name, value] : splits.items()) {
    manifest.splits.push_back(
        split_from_json(name, JsonView(value, format("{}: split `{}`", what, name)), manifest.token_bytes));
  }
  const Json& inputs = view.list("sources");
  for (size_t i = 0; i < inputs.size(); ++i) {
    manifest.inputs.push_back(input_from_json(JsonView(inputs[i], format("{}: source {}", what, i))));
  }
  manifest.settings = view.at("settings");
  return manifest;
}

Manifest read_manifest(const fs::path& directory) {
  const fs::path path = directory / kManifestFile;
  if (fs::is_directory(directory) && !fs::exists(path)) {
    bad_input("{}: no {} in it: expected a token dataset as `cambium data prepare` makes it", directory.string(),
              kManifestFile);
  }
  return manifest_from_json(formats::read_json(path), path.string());
}

void verify_dataset(const fs::path& directory) {
  const Manifest manifest = read_manifest(directory);
  verify_hash(directory / manifest.tokenizer_file, manifest.tokenizer_hash);
  for (const SplitInfo& split : manifest.splits) {
    for (const ShardInfo& shard : split.shards) {
      verify_hash(directory / shard.file, shard.hash);
      verify_hash(directory / shard.documents_file, shard.documents_hash);
      verify_documents(directory / shard.documents_file, shard);
    }
    const TokenDataset dataset = TokenDataset::open(directory, split.name);
    std::vector<int32_t> tokens(size_t{1} << 16);
    for (int64_t begin = 0; begin < dataset.num_tokens(); begin += std::ssize(tokens)) {
      const int64_t count = std::min(std::ssize(tokens), dataset.num_tokens() - begin);
      dataset.read(begin, std::span(tokens).first(static_cast<size_t>(count)));
    }
  }
}

}  // namespace cambium::data
