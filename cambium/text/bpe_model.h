#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cambium/text/pair_table.h"
#include "cambium/text/tokenizer_spec.h"

namespace cambium::text {

/// Byte-pair encoding of single words: begins with one token a byte and applies the strongest merge, the leftmost among
/// equals, until none is left (Sennrich et al. 2016; Radford et al. 2019). Immutable; safe to share.
class BpeModel {
 public:
  /// Throws InvalidInput, naming `spec.what` and the merge, for merges of or into tokens that the vocabulary lacks.
  explicit BpeModel(const TokenizerSpec& spec);

  /// Appends the ids of a word, given as bytes. A byte that the vocabulary has no token for is left out.
  void encode(std::string_view word, std::vector<int32_t>& append_to) const;

 private:
  void merge_short(std::span<int32_t> symbols, std::vector<int32_t>& append_to) const;
  void merge_long(std::vector<int32_t> symbols, std::vector<int32_t>& append_to) const;

  std::array<int32_t, 256> id_of_byte_;  ///< -1: no token
  PairTable merges_;
  /// With `ignore_merges` a word that is a token as a whole is that token.
  std::unordered_map<std::string, int32_t> whole_words_;
};

}  // namespace cambium::text
