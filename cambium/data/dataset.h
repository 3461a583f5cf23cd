#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cambium/base/files.h"

namespace cambium::data {

/// A token dataset on disk: a directory with `manifest.json`, `tokenizer.json`, shards of ids
/// (`train-tokens-00000.bin`, uint16 or uint32 little endian) and document offsets (`train-documents-00000.bin`,
/// uint64, token index of each document's first token within its shard). Every document ends with the end-of-text token
/// and lies in one shard. Splits: "train" and, where one was held out, "val" (`val-tokens-00000.bin`, ...). One split
/// of it, mapped read-only, seen as one long stream of tokens.
class TokenDataset {
 public:
  /// Checks the manifest against the files (names, sizes, counts) before mapping. Throws InvalidInput.
  static TokenDataset open(const std::filesystem::path& directory, const std::string& split = "train");

  int64_t num_tokens() const { return num_tokens_; }
  int64_t num_documents() const { return num_documents_; }
  int32_t vocab_size() const { return vocab_size_; }
  int32_t end_of_text() const { return end_of_text_; }
  const std::string& tokenizer_hash() const { return tokenizer_hash_; }
  const std::filesystem::path& directory() const { return directory_; }
  /// Identifies the split's tokens and documents; the same for the same text prepared from, or into, another folder.
  const std::string& hash() const { return hash_; }
  /// Bytes of text the split was made from (UTF-8), for bits per byte.
  int64_t text_bytes() const { return text_bytes_; }

  /// Copies tokens [begin, begin + out.size()) of the split's stream. The range must lie inside it. Throws InvalidInput
  /// where a stored id is outside the vocabulary.
  void read(int64_t begin, std::span<int32_t> out) const;
  /// Has the system fetch tokens [begin, begin + count), which lie inside the stream, while something else is done.
  void read_ahead(int64_t begin, int64_t count) const;
  /// For windows in random order of a dataset that does not fit into memory.
  void expect_random_reads() const;
  /// First token and one past the last of a document, its end-of-text token included.
  std::pair<int64_t, int64_t> document_range(int64_t document) const;
  /// Windows of `length + 1` tokens at stride `length`: how many whole ones there are.
  int64_t num_windows(int64_t length) const { return num_tokens_ <= length ? 0 : (num_tokens_ - 1) / length; }

 private:
  struct Shard {
    MappedFile file;
    MappedFile documents;
    std::filesystem::path path;
    int64_t begin;  ///< position of its first token in the stream
    int64_t count;
    int64_t first_document;
    int64_t num_documents;
  };
  void read_shard(const Shard& shard, int64_t begin, std::span<int32_t> out) const;
  int64_t document_begin(const Shard& shard, int64_t document) const;

  std::filesystem::path directory_;
  std::vector<Shard> shards_;
  int token_bytes_ = 2;
  int64_t num_tokens_ = 0, num_documents_ = 0, text_bytes_ = 0;
  int32_t vocab_size_ = 0, end_of_text_ = 0;
  std::string tokenizer_hash_, hash_;
};

}  // namespace cambium::data
