#include "cambium/text/added_tokens.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "cambium/text/unicode.h"
#include "cambium/text/utf8.h"

namespace cambium::text {
namespace {

size_t leave_white_space_before(std::string_view text, size_t end) {
  while (end > 0) {
    size_t begin = end;
    if (!is_white_space(previous_code_point(text, begin))) {
      break;
    }
    end = begin;
  }
  return end;
}

size_t skip_white_space(std::string_view text, size_t at) {
  while (at < text.size()) {
    size_t behind = at;
    if (!is_white_space(next_code_point(text, behind))) {
      break;
    }
    at = behind;
  }
  return at;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (const AddedToken& token : tokens_) {
    by_content_.emplace(token.content, &token);
    lengths_[static_cast<unsigned char>(token.content[0])].push_back(token.content.size());
    if (token.single_word && !word_character_) {
      word_character_.emplace(R"([\w\x{200c}\x{200d}])", "word characters");
    }
  }
  for (std::vector<size_t>& lengths : lengths_) {
    std::ranges::sort(lengths, std::greater<>());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  }
}

const AddedToken* AddedTokenFinder::longest_at(std::string_view text, size_t at) const {
  for (const size_t length : lengths_[static_cast<unsigned char>(text[at])]) {
    if (length <= text.size() - at) {
      const auto token = by_content_.find(text.substr(at, length));
      if (token != by_content_.end()) {
        return token->second;
      }
    }
  }
  return nullptr;
}

bool AddedTokenFinder::stands_alone(std::string_view text, size_t begin, size_t end, RegexScratch& scratch) const {
  const auto is_word = [&](size_t first, size_t last) {
    return word_character_->search(text.substr(first, last - first), 0, scratch).has_value();
  };
  if (begin > 0) {
    size_t before = begin;
    previous_code_point(text, before);
    if (is_word(before, begin)) {
      return false;
    }
  }
  if (end < text.size()) {
    size_t behind = end;
    next_code_point(text, behind);
    if (is_word(end, behind)) {
      return false;
    }
  }
  return true;
}

std::optional<AddedTokenFinder::Found> AddedTokenFinder::next(std::string_view text, size_t from, size_t done,
                                                              RegexScratch& scratch) const {
  if (tokens_.empty()) {
    return std::nullopt;
  }
  for (size_t at = from; at < text.size();) {
    const AddedToken* const token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    const size_t end = at + token->content.size();
    if (token->single_word && !stands_alone(text, at, end, scratch)) {
      at = end;
      continue;
    }
    Found found{token, at, end, end};
    if (token->lstrip) {
      found.begin = std::max(leave_white_space_before(text, at), done);
    }
    if (token->rstrip) {
      found.end = skip_white_space(text, end);
    }
    return found;
  }
  return std::nullopt;
}

}  // namespace cambium::text
