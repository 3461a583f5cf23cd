#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/data/manifest.h"
#include "cambium/text/tokenizer.h"

namespace cambium::data {

/// Tokens a shard takes before the next document opens a new one (256 MiB as uint16).
inline constexpr int64_t kShardTokens = int64_t{1} << 27;

/// Writes a token dataset document by document. Nothing appears under the target's name before `commit`.
class DatasetWriter {
 public:
  /// `end_of_text`: the id that ends each document. `replace`: an existing dataset is swapped out on commit; anything
  /// else under that name is refused with InvalidInput.
  DatasetWriter(const std::filesystem::path& target, const text::Tokenizer& tokenizer, int32_t end_of_text,
                bool replace = false, int64_t shard_tokens = kShardTokens);
  ~DatasetWriter();

  /// Appends one document to a split ("train", "val"); the end-of-text token is added here. `text_bytes`: UTF-8 bytes
  /// of its text.
  void add(const std::string& split, std::span<const int32_t> ids, int64_t text_bytes);
  /// Writes tokenizer and manifest (`inputs` and `settings` as given), flushes to disk and gives the directory its
  /// name. Throws InvalidInput where there is no document at all.
  Manifest commit(std::vector<InputInfo> inputs, formats::Json settings);

 private:
  class SplitWriter;
  SplitWriter& split(const std::string& name);

  StagedDirectory directory_;
  std::string tokenizer_json_;
  Manifest manifest_;
  int64_t shard_tokens_;
  std::vector<std::unique_ptr<SplitWriter>> splits_;
};

/// The id that ends documents: that of `token` where one is given, else the tokenizer's own. Throws InvalidInput that
/// names --end-of-text where there is none.
int32_t end_of_text_id(const text::Tokenizer& tokenizer, const std::optional<std::string>& token);

}  // namespace cambium::data
