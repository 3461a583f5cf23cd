#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cambium/text/regex.h"
#include "cambium/text/tokenizer_spec.h"

namespace cambium::text {

/// Finds added tokens in text: at each place the longest one, places from left to right. Immutable; safe to share.
class AddedTokenFinder {
 public:
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);
  AddedTokenFinder(const AddedTokenFinder&) = delete;
  AddedTokenFinder& operator=(const AddedTokenFinder&) = delete;

  /// Cuts `text` into added tokens and the pieces between them (not empty), from left to right.
  template <typename OnText, typename OnToken>
  void split(std::string_view text, RegexScratch& scratch, OnText&& on_text, OnToken&& on_token) const {
    size_t done = 0;
    size_t from = 0;
    while (const std::optional<Found> found = next(text, from, done, scratch)) {
      if (found->begin > done) {
        on_text(text.substr(done, found->begin - done));
      }
      on_token(found->token->id);
      done = found->end;
      from = found->search_from;
    }
    if (done < text.size()) {
      on_text(text.substr(done));
    }
  }

 private:
  struct Found {
    const AddedToken* token;
    size_t begin;
    size_t end;
    size_t search_from;
  };

  std::optional<Found> next(std::string_view text, size_t from, size_t done, RegexScratch& scratch) const;
  const AddedToken* longest_at(std::string_view text, size_t at) const;
  bool stands_alone(std::string_view text, size_t begin, size_t end, RegexScratch& scratch) const;

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string_view, const AddedToken*> by_content_;
  std::array<std::vector<size_t>, 256> lengths_;  ///< by first byte: lengths of the tokens, longest first
  std::optional<Regex> word_character_;           ///< only where a token asks for single words
};

}  // namespace cambium::text
