#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/eval/tasks/request.h"
#include "cambium/text/tokenizer.h"

namespace cambium::eval {

/// Tokens that are fed to a model and those of its next-token predictions that count: the last `targets.size()`
/// positions of `input` predict `targets`.
struct ScoredTokens {
  std::vector<int32_t> input;
  std::vector<int32_t> targets;
};

/// Turns requests into tokens as lm-evaluation-harness does with a Hugging Face tokenizer.
class Encoder {
 public:
  /// `max_length`: positions of the model. The token in front of an empty context is the beginning-of-text token where
  /// the tokenizer puts one in front of texts, else the end-of-text token. Throws InvalidInput where there is neither.
  Encoder(const text::Tokenizer& tokenizer, int64_t max_length);

  /// Context and continuation are encoded together; white space at the end of the context counts to the continuation.
  /// What is too long loses its beginning.
  ScoredTokens pair(std::string_view context, std::string_view continuation) const;
  /// Windows over a text, each token in one of them a target. The first begins with the prefix token; each further one
  /// is as long as the model allows and ends where its targets end.
  std::vector<ScoredTokens> rolling(std::string_view text) const;
  /// The prompt of a generation, cut at its beginning to leave room for `room(max_tokens)` new ones.
  std::vector<int32_t> prompt(std::string_view context, int64_t max_tokens) const;
  /// New tokens that fit: `max_tokens`, but at most half of a short model's positions.
  int64_t room(int64_t max_tokens) const;

  /// Text of generated tokens: special tokens left out, invalid UTF-8 replaced.
  std::string decode(std::span<const int32_t> ids) const;
  std::optional<int32_t> end_of_text() const { return end_of_text_; }

 private:
  std::vector<int32_t> encode(std::string_view text) const;
  ScoredTokens cut(const std::vector<int32_t>& context, const std::vector<int32_t>& continuation) const;

  const text::Tokenizer& tokenizer_;
  int64_t max_length_;
  std::optional<int32_t> end_of_text_;
  std::optional<int32_t> begin_;  ///< put in front of every text by the tokenizer's post-processor
  std::set<int32_t> special_;
};

}  // namespace cambium::eval
