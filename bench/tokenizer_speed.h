#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/text/tokenizer.h"

namespace cambium::bench {

/// How fast a tokenizer works through a text, in tokens and bytes of the text per second.
struct TokenizerRate {
  double tokens_per_second = 0, bytes_per_second = 0;
};

struct TokenizerSpeed {
  int64_t bytes = 0, tokens = 0;                 ///< of the text
  TokenizerRate encode, encode_threads, decode;  ///< encode and decode on one thread; encode on `threads` threads
};

/// A text in pieces that end with a line and, where lines are not longer, hold about 64 KiB each.
std::vector<std::string_view> pieces_of(std::string_view text);

/// Encodes and decodes `text` piece by piece, whole passes for about `seconds` each; the fastest pass counts. One pass
/// comes first: words that were met are remembered, as they are in a long run. Throws InvalidUtf8 with its place in
/// `text`.
TokenizerSpeed measure_tokenizer(const text::Tokenizer& tokenizer, std::string_view text, int threads, double seconds);

/// Seconds that it took to make the tokenizer.json of `vocab_size` entries from `text`.
struct TokenizerTraining {
  std::string json;
  double seconds = 0;
};
TokenizerTraining train_tokenizer(std::string_view text, int32_t vocab_size);

}  // namespace cambium::bench
