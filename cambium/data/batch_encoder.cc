#include "cambium/data/batch_encoder.h"

#include <memory>

#include "cambium/base/hash.h"
#include "cambium/data/batch_documents.h"

namespace cambium::data {
namespace {

/// Of input, for each thread: enough that none waits while one document is long.
constexpr int64_t kBytesUnderWay = int64_t{4} << 20;

}  // namespace

double val_fraction(const PrepareOptions& options, const std::vector<InputFile>& files) {
  return options.val_fraction.value_or(total_bytes(files) >= kAutoHoldoutBytes ? kAutoHoldout : 0);
}

BatchEncoder::BatchEncoder(const text::Tokenizer& tokenizer, const PrepareOptions& options,
                           const std::vector<InputFile>& files)
    : tokenizer_(tokenizer), options_(options), files_(files), val_fraction_(val_fraction(options, files)) {}

EncodedBatch BatchEncoder::encode(const DocumentBatch& batch) const {
  EncodedBatch result{.file = batch.file, .bytes = batch.bytes, .behind = batch.behind};
  const BadEntries bad = for_each_document(batch, files_[batch.file], options_.text, options_.skip_bad_lines,
                                           [&](const std::string& text) { encode_document(text, result); });
  result.bad = bad.count;
  result.first_fault = bad.first;
  return result;
}

void BatchEncoder::encode_document(const std::string& text, EncodedBatch& result) const {
  if (text.empty()) {
    ++result.empty;
    return;
  }
  EncodedDocument document{.ids = {}, .text_bytes = std::ssize(text), .held_out = false, .key = {}};
  document.held_out = static_cast<double>(hash64(text, options_.seed) >> 11) * 0x1p-53 < val_fraction_;
  if (options_.dedup) document.key = document_key(text);
  tokenizer_.encode(text, document.ids);
  result.documents.push_back(std::move(document));
}

EncodingThreads::EncodingThreads(const BatchEncoder& encoder, int threads)
    : encoder_(encoder), bytes_at_once_(kBytesUnderWay * threads), workers_(threads) {}

bool EncodingThreads::has_room(int64_t bytes) const { return empty() || bytes_under_way_ + bytes <= bytes_at_once_; }

void EncodingThreads::submit(DocumentBatch batch) {
  bytes_under_way_ += batch.bytes;
  auto shared = std::make_shared<DocumentBatch>(std::move(batch));  // std::function wants to be copied
  workers_.submit([this, shared] { return encoder_.encode(*shared); });
}

EncodedBatch EncodingThreads::next() {
  EncodedBatch batch = workers_.next();
  bytes_under_way_ -= batch.bytes;
  return batch;
}

}  // namespace cambium::data
