#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "cambium/data/document_reader.h"

namespace cambium::data {

/// Lines and rows that are no document.
struct BadEntries {
  int64_t count = 0;
  std::string first;  ///< what is wrong with the first, and where
};

/// Calls `on_document` for the text, valid UTF-8, of every document of a batch from `file`; blank lines are none. An
/// entry that is no document is passed over and counted where `skip_bad_lines`; else, and for a text file that is not
/// valid UTF-8, throws InvalidInput with file and line or byte.
BadEntries for_each_document(const DocumentBatch& batch, const InputFile& file, const TextTemplate& text,
                             bool skip_bad_lines, const std::function<void(std::string)>& on_document);

}  // namespace cambium::data
