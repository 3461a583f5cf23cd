#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::text {

/// A byte-level BPE tokenizer as Hugging Face's `tokenizer.json` describes it. Immutable; safe to use from many
/// threads.
class Tokenizer {
 public:
  /// Reads a tokenizer.json, or the one inside a directory. Throws InvalidInput for broken files and, by name, for
  /// parts that are not supported.
  static Tokenizer load(const std::filesystem::path& path);
  static Tokenizer parse(std::string_view json, std::string_view what);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ids of a text, as `tokenizers` gives with add_special_tokens=False: special tokens in the text are recognised.
  std::vector<int32_t> encode(std::string_view text) const;
  void encode(std::string_view text, std::vector<int32_t>& append_to) const;
  /// The bytes of the ids; special tokens are kept. Throws InvalidInput for ids that are out of range.
  std::string decode(std::span<const int32_t> ids) const;

  int32_t vocab_size() const;  ///< largest id + 1, added tokens included
  /// The token that ends a document: "<|endoftext|>", "<|end_of_text|>", "</s>" or "<|im_end|>" in that order of
  /// preference, among the special tokens; empty where there is none.
  std::optional<int32_t> end_of_text() const;
  std::optional<int32_t> token_id(std::string_view token) const;
  const std::string& json() const;  ///< the file's bytes, unchanged, to be copied beside checkpoints
  const std::string& hash() const;  ///< XXH3-128 of `json()`

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cambium::text
