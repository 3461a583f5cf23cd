#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cambium/data/synth/item.h"

namespace cambium::data {

/// `count` items, the tasks in turn, as JSON lines {"text", "task", "prompt", "answer"} (the last two where the task
/// has an answer). The same arguments give the same bytes. Written beside `path` and renamed. Progress on stderr.
void write_synth_jsonl(const std::filesystem::path& path, const std::vector<const SynthTask*>& tasks, int64_t count,
                       uint64_t seed, SynthSplit split);

/// About `bytes` bytes of the curriculum, evenly from its whole course: to measure a tokenizer on.
std::string builtin_corpus_sample(int64_t bytes, uint64_t seed);

}  // namespace cambium::data
