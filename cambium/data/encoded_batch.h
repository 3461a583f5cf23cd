#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/data/document_reader.h"
#include "cambium/data/seen_documents.h"

namespace cambium::data {

struct EncodedDocument {
  std::vector<int32_t> ids;  ///< without the end-of-text token
  int64_t text_bytes = 0;    ///< UTF-8
  bool held_out = false;
  DocumentKey key = {};  ///< zeros unless copies are to be left out
};

/// What becomes of a DocumentBatch.
struct EncodedBatch {
  size_t file = 0;
  int64_t bytes = 0;     ///< of the entries that it was made from
  InputPosition behind;  ///< where the input goes on
  std::vector<EncodedDocument> documents = {};
  int64_t empty = 0, bad = 0;    ///< documents and entries that were passed over
  std::string first_fault = {};  ///< of the bad ones
};

/// A batch as bytes, for the process that writes the dataset.
std::string pack(const EncodedBatch& batch);
/// What takes the place of a batch that could not be made: the command is to end this way.
std::string pack_failure(ExitCode code, const std::string& why);
/// The batch; throws the InvalidInput or Stopped that took its place, and Error that names `who` handed it over where
/// the bytes are no such thing or damaged.
EncodedBatch unpack_batch(std::string_view bytes, const std::string& who);

}  // namespace cambium::data
