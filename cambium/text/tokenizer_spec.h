#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cambium::text {

/// A token that is looked for in the text itself, before anything else is done to it.
struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool single_word = false;  ///< only where no word character stands next to it
  bool lstrip = false;       ///< takes the white space before it along
  bool rstrip = false;       ///< takes the white space behind it along
  bool normalized = false;   ///< looked for after the others, in what they left
  bool special = false;
};

/// Cuts out numeric characters: each on its own, or each run of them.
struct DigitsStep {
  bool individual = false;
};

/// The step that ends every pre-tokenizer here: what is left is seen as bytes.
struct ByteLevelStep {
  bool add_prefix_space = false;  ///< a space before each piece that does not begin with one
  bool use_regex = true;          ///< cut by GPT-2's pattern
};

/// What becomes of the matches of a pattern and of the text between them.
enum class SplitBehavior { kRemoved, kIsolated, kMergedWithPrevious, kMergedWithNext, kContiguous };

struct SplitStep {
  std::string pattern;
  bool is_regex = false;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  ///< matches and the text between them change roles
};

using PreTokenizerStep = std::variant<DigitsStep, SplitStep, ByteLevelStep>;

/// What a tokenizer.json says, checked, as far as it is supported.
struct TokenizerSpec {
  std::string what;  ///< the file, for messages
  /// Tokens as the file spells them (byte alphabet) with their ids: unique, not negative.
  std::vector<std::pair<std::string, int32_t>> vocab;
  std::vector<std::pair<std::string, std::string>> merges;  ///< first is strongest
  bool ignore_merges = false;
  std::vector<AddedToken> added;  ///< ids as Hugging Face's library gives them
  std::vector<PreTokenizerStep> pre_tokenizer;
};

/// Throws InvalidInput for broken files and, naming them, for parts that are not supported.
TokenizerSpec parse_tokenizer_json(std::string_view json, std::string_view what);

/// GPT-2's pattern (Radford et al. 2019), which ByteLevel cuts by.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace cambium::text
