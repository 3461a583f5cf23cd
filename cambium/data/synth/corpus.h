#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cambium/data/manifest.h"
#include "cambium/data/synth/item.h"
#include "cambium/text/tokenizer.h"

namespace cambium::data {

/// `count` items, the tasks in turn, as JSON lines {"text", "task", "prompt", "answer"} (the last two where the task
/// has an answer). The same arguments give the same bytes. Written beside `path` and renamed. Progress on stderr.
void write_synth_jsonl(const std::filesystem::path& path, const std::vector<const SynthTask*>& tasks, int64_t count,
                       uint64_t seed, SynthSplit split);

/// About `bytes` bytes of the built-in corpus, evenly from its whole course: to train a tokenizer on.
std::string builtin_corpus_sample(int64_t bytes, uint64_t seed);

/// The built-in corpus as a token dataset: "train" holds about `tokens` tokens in the order of the curriculum (train
/// with `data.shuffle = false` to keep it), "val" about `val_tokens` of held-out items from its whole course.
Manifest write_builtin_dataset(const std::filesystem::path& directory, const text::Tokenizer& tokenizer, int64_t tokens,
                               int64_t val_tokens, uint64_t seed, bool replace = false);

}  // namespace cambium::data
