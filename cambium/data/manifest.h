#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cambium/formats/json.h"

namespace cambium::data {

inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kDatasetFormat = "cambium-tokens";
inline constexpr int64_t kDatasetVersion = 1;

/// One pair of files of a split: ids, and where each document begins among them.
struct ShardInfo {
  std::string file;            ///< ids, uint16 or uint32, little endian
  std::string documents_file;  ///< uint64 a document: index of its first token within the shard
  int64_t tokens = 0, documents = 0;
  std::string hash, documents_hash;  ///< XXH3-128 of the two files
};

struct SplitInfo {
  std::string name;
  int64_t tokens = 0, documents = 0;
  int64_t text_bytes = 0;  ///< UTF-8 bytes of the documents, without end-of-text tokens
  std::vector<ShardInfo> shards;
};

/// One input file and what was taken from it.
struct InputInfo {
  std::string path;
  int64_t bytes = 0, documents = 0;
  int64_t empty_documents = 0, bad_lines = 0, duplicate_documents = 0;  ///< skipped
};

/// What `manifest.json` of a token dataset says.
struct Manifest {
  std::string tokenizer_file = "tokenizer.json";
  std::string tokenizer_hash;
  int32_t vocab_size = 0, end_of_text = 0;
  int token_bytes = 2;
  std::vector<SplitInfo> splits;
  std::vector<InputInfo> inputs;
  formats::Json settings = formats::Json::object();  ///< how it was made

  /// Throws InvalidInput that names the dataset and its splits where `name` is none of them.
  const SplitInfo& split(const std::string& name, const std::filesystem::path& directory) const;
};

/// 2 where every id fits into uint16.
int token_bytes_for(int32_t vocab_size);

formats::Json to_json(const SplitInfo& split, int token_bytes);
/// Checks that the counts add up. Throws InvalidInput that names the view's file and the key.
SplitInfo split_from_json(const std::string& name, const formats::JsonView& view, int token_bytes);
formats::Json to_json(const InputInfo& input);
InputInfo input_from_json(const formats::JsonView& view);
formats::Json to_json(const Manifest& manifest);
/// Checks types, ranges, file names and that the counts add up. Throws InvalidInput that names `what` and the key.
Manifest manifest_from_json(const formats::Json& json, const std::string& what);
/// Reads `directory`/manifest.json.
Manifest read_manifest(const std::filesystem::path& directory);
/// Re-hashes every file the manifest names and checks ids and document offsets. Throws InvalidInput at the first fault.
void verify_dataset(const std::filesystem::path& directory);

}  // namespace cambium::data
