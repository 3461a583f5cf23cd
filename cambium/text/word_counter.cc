#include "cambium/text/word_counter.h"

#include <algorithm>

#include "cambium/base/hash.h"
#include "cambium/text/utf8.h"

namespace cambium::text {
namespace {

constexpr size_t kBlock = size_t{1} << 20;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

size_t last_safe_cut(std::string_view text) {
  for (size_t at = text.size(); at-- > 2;) {
    if (is_letter(text[at]) && (text[at - 1] == ' ' || text[at - 1] == '\n') && is_letter(text[at - 2])) {
      return at - 1;
    }
  }
  return 0;
}

std::vector<PreTokenizerStep> training_pre_tokenizer() {
  return {DigitsStep{.individual = true}, ByteLevelStep{.add_prefix_space = false, .use_regex = true}};
}

size_t WordCounter::Hash::operator()(std::string_view word) const { return hash64(word); }

WordCounter::WordCounter() : pre_tokenizer_(training_pre_tokenizer(), "the trainer's pre-tokenizer") {}

void WordCounter::add(std::string_view text) {
  add_part(text);
  end_text();
}

void WordCounter::add_part(std::string_view part) {
  while (!part.empty()) {
    const size_t take = std::min(part.size(), kBlock);
    held_ += part.substr(0, take);
    part.remove_prefix(take);
    if (held_.size() < kBlock) {
      continue;
    }
    if (const size_t cut = last_safe_cut(held_); cut > 0) {
      count(std::string_view(held_).substr(0, cut));
      held_.erase(0, cut);
      held_offset_ += static_cast<int64_t>(cut);
    }
  }
}

void WordCounter::end_text() {
  count(held_);
  held_.clear();
  held_offset_ = 0;
}

void WordCounter::count(std::string_view text) {
  require_utf8(text, held_offset_);
  pre_tokenizer_.split(text, scratch_, [&](std::string_view word) {
    const auto found = counts_.find(word);
    if (found == counts_.end()) {
      counts_.emplace(word, 1);
    } else {
      ++found->second;
    }
  });
  text_bytes_ += static_cast<int64_t>(text.size());
}

}  // namespace cambium::text
