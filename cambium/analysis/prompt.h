#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cambium/text/tokenizer.h"

namespace cambium::analysis {

/// One text that a model is looked at with.
struct Prompt {
  std::vector<int32_t> ids;
  std::vector<int64_t> cuts;  ///< cut positions of the skip effect, ascending; see `draw_cuts`
  std::string group;          ///< a level or a number of hops; "" where the line has none
};

/// The prompts of a call, and what they are in words (for the results).
struct PromptSet {
  std::vector<Prompt> prompts;
  std::string source;  ///< the file, or what the built-in set is
  std::string hash;    ///< XXH3-128 of all ids, cuts and groups

  /// Tokens of all prompts.
  int64_t tokens() const;
  /// Tokens that have one before them.
  int64_t targets() const;
};

/// Cut positions as Csordas et al. take them: of 8, 16, 24, … < tokens - 4 at most four, drawn with the seed; each
/// prompt has its own draw. Ascending; empty for up to 12 tokens.
std::vector<int64_t> draw_cuts(int64_t tokens, uint64_t seed, size_t prompt);

/// Lines {"text"} or {"ids"}, each with optional "cuts" (list of positions from 1 to tokens - 1) and "group" (text or
/// number); `tokenizer` may be null where no line has text. Throws InvalidInput that names file, line and key; also for
/// an empty file.
PromptSet read_prompts(const std::filesystem::path& file, const text::Tokenizer* tokenizer, int64_t vocab_size,
                       uint64_t seed);

/// Ten short texts of our own, for calls that name no prompts.
PromptSet built_in_prompts(const text::Tokenizer& tokenizer, int64_t vocab_size, uint64_t seed);

}  // namespace cambium::analysis
