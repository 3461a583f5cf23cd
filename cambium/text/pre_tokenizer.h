#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "cambium/base/function_ref.h"
#include "cambium/text/regex.h"
#include "cambium/text/tokenizer_spec.h"

namespace cambium::text {

/// Cuts text into the words that BPE merges within: a sequence of steps, each cutting what the one before it left.
/// Immutable; safe to share.
class PreTokenizer {
 public:
  class Step;  ///< one step of the sequence
  using OnWord = FunctionRef<void(std::string_view word)>;

  /// Throws InvalidInput, naming `what`, for a pattern that does not compile.
  PreTokenizer(const std::vector<PreTokenizerStep>& steps, std::string_view what);
  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  /// Calls `on_word` for the words of `text` (valid UTF-8) from left to right. A word lives for the time of the call.
  void split(std::string_view text, RegexScratch& scratch, const OnWord& on_word) const;

 private:
  void run(size_t step, std::string_view piece, RegexScratch& scratch, const OnWord& on_word) const;
  std::vector<std::unique_ptr<const Step>> steps_;
};

}  // namespace cambium::text
