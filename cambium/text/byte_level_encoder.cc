#include <algorithm>
#include <iterator>
#include <span>

#include "cambium/text/added_tokens.h"
#include "cambium/text/bpe_model.h"
#include "cambium/text/byte_alphabet.h"
#include "cambium/text/encoder.h"
#include "cambium/text/pre_tokenizer.h"
#include "cambium/text/scratch_pool.h"
#include "cambium/text/tokenizer_spec.h"
#include "cambium/text/word_cache.h"

namespace cambium::text {
namespace {

std::vector<AddedToken> select(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> selected;
  std::ranges::copy_if(tokens, std::back_inserter(selected),
                       [&](const AddedToken& token) { return token.normalized == normalized; });
  return selected;
}

/// What one call of `encode` works with, kept for the next call.
struct Scratch {
  RegexScratch regex;
  WordCache words;
};

class ByteLevelEncoder final : public Encoder {
 public:
  explicit ByteLevelEncoder(TokenizerSpec spec)
      : added_first_(select(spec.added, false)),
        added_second_(select(spec.added, true)),
        pre_tokenizer_(spec.pre_tokenizer, spec.what),
        model_(spec),
        vocab_(std::move(spec.vocab)),
        added_(std::move(spec.added)) {}

  void encode(std::string_view text, std::vector<int32_t>& append_to) const override {
    const auto scratch = scratch_.take();
    const auto on_word = [&](std::string_view word) {
      if (const auto known = scratch->words.find(word)) {
        append_to.insert(append_to.end(), known->begin(), known->end());
        return;
      }
      const size_t begin = append_to.size();
      model_.encode(word, append_to);
      scratch->words.insert(word, std::span(append_to).subspan(begin));
    };
    const auto on_token = [&](int32_t id) { append_to.push_back(id); };
    added_first_.split(
        text, scratch->regex,
        [&](std::string_view piece) {
          added_second_.split(
              piece, scratch->regex,
              [&](std::string_view rest) { pre_tokenizer_.split(rest, scratch->regex, on_word); }, on_token);
        },
        on_token);
  }

  std::vector<Token> tokens() const override {
    std::vector<Token> all;
    for (const auto& [token, id] : vocab_) {
      all.push_back({id, token, from_byte_alphabet(token).value_or(token), false});
    }
    for (const AddedToken& token : added_) {
      all.push_back({token.id, token.content, token.content, token.special});
    }
    return all;
  }

 private:
  AddedTokenFinder added_first_;   ///< looked for in the text
  AddedTokenFinder added_second_;  ///< looked for in what the first left
  PreTokenizer pre_tokenizer_;
  BpeModel model_;
  std::vector<std::pair<std::string, int32_t>> vocab_;
  std::vector<AddedToken> added_;
  ScratchPool<Scratch> scratch_;
};

}  // namespace

std::unique_ptr<Encoder> byte_level_encoder(std::string_view json, std::string_view what) {
  return std::make_unique<ByteLevelEncoder>(parse_tokenizer_json(json, what));
}

}  // namespace cambium::text
