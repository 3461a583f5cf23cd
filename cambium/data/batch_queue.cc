#include "cambium/data/batch_queue.h"

#include <chrono>
#include <thread>

#include "cambium/base/error.h"
#include "cambium/base/signals.h"

namespace cambium::data {

BatchQueue::BatchQueue(const BatchEncoder& encoder, int threads, PrepareTeam& team)
    : team_(team), turns_(team), threads_(encoder, threads) {}

void BatchQueue::submit(DocumentBatch batch) {
  under_way_.push_back({.rank = turns_.next(), .file = batch.file, .bytes = batch.bytes, .behind = batch.behind});
  if (under_way_.back().rank == team_.rank()) threads_.submit(std::move(batch));
}

bool BatchQueue::next_is_ready() { return !empty() && (next_is_own() ? threads_.next_is_ready() : has_come()); }

EncodedBatch BatchQueue::next() {
  StopRequest::throw_if_asked();
  EncodedBatch batch = next_is_own() ? threads_.next() : handed_over();
  under_way_.pop_front();
  return batch;
}

bool BatchQueue::has_come() {
  if (!came_) came_ = team_.take(under_way_.front().rank);
  return came_.has_value();
}

EncodedBatch BatchQueue::handed_over() {
  while (!has_come()) {
    StopRequest::throw_if_asked();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const Submitted& expected = under_way_.front();
  EncodedBatch batch = unpack_batch(*came_, format("rank {}", expected.rank));
  came_.reset();
  if (batch.file != expected.file || batch.bytes != expected.bytes || batch.behind != expected.behind) {
    throw OtherInput(format(
        "rank {} read something else than rank 0: expected inputs that are the same for all ranks and do not change",
        expected.rank));
  }
  return batch;
}

}  // namespace cambium::data
