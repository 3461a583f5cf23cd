#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cambium/text/word_counter.h"

namespace cambium::text {

/// What training gives: tokens in the order of their ids and merges, strongest first, spelled in the byte alphabet.
struct TrainedBpe {
  std::vector<std::string> special_tokens;  ///< ids from 0
  std::vector<std::string> tokens;          ///< ids behind them: the 256 bytes, then one a merge
  std::vector<std::pair<std::string, std::string>> merges;
};

struct BpeTraining {
  int32_t vocab_size = 0;  ///< exactly so many entries: special tokens, bytes and merges
  std::vector<std::string> special_tokens = {"<|endoftext|>"};
};

/// Learns byte-pair merges from word counts (Sennrich et al. 2016): again and again the most frequent pair of
/// neighbouring tokens becomes a token; among equals the pair with the smaller ids (left, then right) goes first. The
/// result depends on the counts alone. Throws InvalidArgument for a size that has no room for the 256 bytes,
/// InvalidInput where the words hold too few pairs, with the number of entries that they are good for. `on_progress`
/// hears how many entries there are, now and then.
TrainedBpe train_bpe(const WordCounter::Counts& words, const BpeTraining& training,
                     const std::function<void(int64_t entries)>& on_progress = {});

/// The tokenizer.json of a trained tokenizer, which Hugging Face's library loads: `training_pre_tokenizer`, byte level.
std::string to_tokenizer_json(const TrainedBpe& trained);

}  // namespace cambium::text
