#pragma once

#include <optional>
#include <string_view>

#include "cambium/base/function_ref.h"

namespace cambium::text {

/// Llama 3's pattern, which its tokenizer.json splits by.
inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// A published pattern, matched by hand: several times as fast as the regex engine and equal to it, which the tests
/// check on random texts of all of Unicode. These patterns leave no gaps: the pieces are the whole text.
class PublishedSplit {
 public:
  using Emit = FunctionRef<void(std::string_view piece)>;

  /// Nothing for a pattern that is not one of them (GPT-2's, Llama 3's).
  static std::optional<PublishedSplit> of(std::string_view pattern);

  /// The pieces of `text` (valid UTF-8) from left to right.
  void split(std::string_view text, const Emit& emit) const { (*split_)(text, emit); }

 private:
  using Split = void(std::string_view, const Emit&);
  explicit PublishedSplit(Split* by_hand) : split_(by_hand) {}
  Split* split_;
};

}  // namespace cambium::text
