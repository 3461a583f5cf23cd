#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "cambium/text/pre_tokenizer.h"
#include "cambium/text/regex.h"

namespace cambium::text {

/// The pre-tokenizer of the tokenizers that are trained here, SmolLM's: digits on their own, then GPT-2's pattern.
std::vector<PreTokenizerStep> training_pre_tokenizer();

/// The last place where cutting a text changes none of its words: before a single space or line break between ASCII
/// letters, which the pattern never joins to what precedes it. 0 where there is none.
size_t last_safe_cut(std::string_view text);

/// Counts the words of texts, cut by `training_pre_tokenizer`. For one thread.
class WordCounter {
 public:
  WordCounter();

  /// A whole text. Throws InvalidInput with the byte where it is not valid UTF-8.
  void add(std::string_view text);

  /// A text in parts of any size; the words are those of the whole. `end_text` ends it.
  void add_part(std::string_view part);
  void end_text();

  /// Every distinct word, as bytes, with how often it came.
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view word) const;
  };
  using Counts = std::unordered_map<std::string, int64_t, Hash, std::equal_to<>>;
  const Counts& counts() const { return counts_; }
  int64_t text_bytes() const { return text_bytes_; }

 private:
  void count(std::string_view text);

  PreTokenizer pre_tokenizer_;
  RegexScratch scratch_;
  Counts counts_;
  int64_t text_bytes_ = 0;
  std::string held_;         ///< of the text in parts: what is not counted yet
  int64_t held_offset_ = 0;  ///< its place in that text
};

}  // namespace cambium::text
