#pragma once

#include <cstdint>
#include <vector>

#include "cambium/data/encoded_batch.h"
#include "cambium/data/ordered_workers.h"
#include "cambium/data/prepare.h"

namespace cambium::data {

/// The share of the documents that is held out: what is asked for, or what befits the inputs (kAutoHoldout).
double val_fraction(const PrepareOptions& options, const std::vector<InputFile>& files);

/// Documents to ids. What becomes of a batch depends on it alone; any number of threads may encode at once.
class BatchEncoder {
 public:
  /// All of them must outlive the encoder.
  BatchEncoder(const text::Tokenizer& tokenizer, const PrepareOptions& options, const std::vector<InputFile>& files);

  /// Throws InvalidInput as `for_each_document` does.
  EncodedBatch encode(const DocumentBatch& batch) const;

 private:
  void encode_document(const std::string& text, EncodedBatch& result) const;

  const text::Tokenizer& tokenizer_;
  const PrepareOptions& options_;
  const std::vector<InputFile>& files_;
  double val_fraction_;
};

/// Threads that encode batches, which come out in the order in which they went in.
class EncodingThreads {
 public:
  /// `encoder` must outlive them.
  EncodingThreads(const BatchEncoder& encoder, int threads);

  /// False where the batches under way are enough to keep all threads busy.
  bool has_room(int64_t bytes) const;
  void submit(DocumentBatch batch);
  bool empty() const { return workers_.under_way() == 0; }
  bool next_is_ready() const { return workers_.next_is_ready(); }
  /// The oldest batch; waits for it. Throws what its encoding threw.
  EncodedBatch next();

 private:
  const BatchEncoder& encoder_;
  int64_t bytes_at_once_, bytes_under_way_ = 0;
  OrderedWorkers<EncodedBatch> workers_;
};

}  // namespace cambium::data
