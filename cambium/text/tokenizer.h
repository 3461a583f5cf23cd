#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::text {

/// A byte-level BPE tokenizer as Hugging Face's `tokenizer.json` describes it, or a SentencePiece model
/// (`tokenizer.model`). Immutable; safe to use from many threads.
class Tokenizer {
 public:
  /// Names of tokenizers in a directory; the first that is there counts.
  static constexpr std::array<std::string_view, 2> kFileNames = {"tokenizer.json", "tokenizer.model"};
  /// The tokenizer that lies in a directory; nothing where there is none.
  static std::optional<std::filesystem::path> find(const std::filesystem::path& directory);
  /// Reads a tokenizer.json or a SentencePiece model, or the one inside a directory. Throws InvalidInput for broken
  /// files and, by name, for parts that are not supported.
  static Tokenizer load(const std::filesystem::path& path);
  static Tokenizer parse(std::string_view content, std::string_view what);
  /// The name that a tokenizer of such content has in a directory.
  static std::string_view file_name_of(std::string_view content);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// Ids of a text, as `tokenizers` gives with add_special_tokens=False: special tokens in the text are recognised.
  /// Of a SentencePiece model, as SentencePiece gives them.
  std::vector<int32_t> encode(std::string_view text) const;
  void encode(std::string_view text, std::vector<int32_t>& append_to) const;
  /// The bytes of the ids; special tokens are kept. Throws InvalidInput for ids that are out of range.
  std::string decode(std::span<const int32_t> ids) const;
  /// The bytes of one token inside a text. Throws as `decode`.
  const std::string& bytes_of(int32_t id) const;

  int32_t vocab_size() const;  ///< largest id + 1, added tokens included
  /// The token that ends a document: "<|endoftext|>", "<|end_of_text|>", "</s>" or "<|im_end|>" in that order of
  /// preference, among the special tokens; empty where there is none.
  std::optional<int32_t> end_of_text() const;
  std::optional<int32_t> token_id(std::string_view token) const;
  const std::string& content() const;  ///< the file's bytes, unchanged, to be copied beside checkpoints
  std::string_view file_name() const;  ///< the name that it has there
  const std::string& hash() const;     ///< XXH3-128 of `content()`

 private:
  struct Impl;
  bool is_known(int32_t id) const;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cambium::text
