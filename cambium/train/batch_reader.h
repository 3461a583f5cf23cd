#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "cambium/data/rank_slice.h"
#include "cambium/train/batch.h"

namespace cambium::train {

/// Reads the micro-batches of the steps to come in a thread of its own, so that a step finds them ready. The batches
/// are those of read_batch(): a reader changes when they are read, never what.
class BatchReader {
 public:
  /// Sequences `own` of the batches of steps [first_step, end_step) of `mixture`, which must outlive the reader, in
  /// micro-batches of `micro_batch` sequences; a last one that is not full has rows without targets. Holds at most two
  /// steps' batches at a time.
  BatchReader(const data::Mixture& mixture, data::Slice own, int64_t micro_batch, int64_t first_step, int64_t end_step);
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;
  ~BatchReader();

  /// The next micro-batch, in order. Throws what reading it threw; InvalidArgument behind the last one.
  Batch next();

 private:
  void read();
  bool put(Batch batch);

  const data::Mixture& mixture_;
  const data::Slice own_;
  const int64_t micro_batch_, first_step_, end_step_;
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::exception_ptr failure_;
  bool done_ = false, stop_ = false;
  std::thread thread_;  ///< the last member: it starts when all others are there
};

}  // namespace cambium::train
