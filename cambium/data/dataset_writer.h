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
  /// else under that name is refused with InvalidInput. `saved`: goes on where the writer of an earlier process was at
  /// its `save`; throws InvalidInput where the files that it left do not hold that much.
  DatasetWriter(const std::filesystem::path& target, const text::Tokenizer& tokenizer, int32_t end_of_text,
                bool replace = false, int64_t shard_tokens = kShardTokens,
                const std::optional<formats::Json>& saved = {});
  ~DatasetWriter();

  /// Appends one document to a split ("train", "val"); the end-of-text token is added here. `text_bytes`: UTF-8 bytes
  /// of its text.
  void add(const std::string& split, std::span<const int32_t> ids, int64_t text_bytes);
  /// Writes tokenizer and manifest (`inputs` and `settings` as given), flushes to disk and gives the directory its
  /// name. Throws InvalidInput where there is no document at all.
  Manifest commit(std::vector<InputInfo> inputs, formats::Json settings);
  /// Flushes everything to disk and tells how far it is, for a later process.
  formats::Json save();
  /// Leaves what was written on the disk, for that process; else it goes with the writer unless committed.
  void keep() { directory_.keep(); }

  int64_t num_tokens() const;
  int64_t num_finished_shards() const;  ///< of all splits

 private:
  class SplitWriter;
  SplitWriter& split(const std::string& name);
  void remove_strangers();

  StagedDirectory directory_;
  std::string tokenizer_;  ///< its file
  Manifest manifest_;
  int64_t shard_tokens_;
  std::vector<std::unique_ptr<SplitWriter>> splits_;
};

/// The id that ends documents: that of `token` where one is given, else the tokenizer's own. Throws InvalidInput that
/// names --end-of-text where there is none.
int32_t end_of_text_id(const text::Tokenizer& tokenizer, const std::optional<std::string>& token);

}  // namespace cambium::data
