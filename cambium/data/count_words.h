#pragma once

#include <cstdint>
#include <vector>

#include "cambium/data/batch_documents.h"
#include "cambium/text/word_counter.h"

namespace cambium::data {

struct CountOptions {
  TextTemplate text = TextTemplate::field("text");
  bool skip_bad_lines = false;
  int workers = 0;  ///< threads; 0: as many as there are cores
};

struct CountedWords {
  text::WordCounter::Counts counts;
  int64_t text_bytes = 0;
  BadEntries bad;
};

/// The words of all documents of the inputs, whatever the number of threads. No file is held whole: a text is cut where
/// no word notices. Throws InvalidInput for what cannot be read, Stopped on a signal.
CountedWords count_words(const std::vector<InputFile>& files, const CountOptions& options);

}  // namespace cambium::data
