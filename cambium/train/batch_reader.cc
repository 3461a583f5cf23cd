#include "cambium/train/batch_reader.h"

#include <algorithm>
#include <utility>

#include "cambium/base/error.h"

namespace cambium::train {

BatchReader::BatchReader(const data::Mixture& mixture, data::Slice own, int64_t micro_batch, int64_t first_step,
                         int64_t end_step)
    : mixture_(mixture),
      own_(own),
      micro_batch_(micro_batch),
      first_step_(first_step),
      end_step_(end_step),
      most_(static_cast<size_t>(2 * ((own.end - own.begin + micro_batch - 1) / micro_batch))),
      thread_([this] { read(); }) {}

BatchReader::~BatchReader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Batch BatchReader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty() || done_; });
  if (!ready_.empty()) {
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return batch;
  }
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  throw InvalidArgument(format("no batch behind step {}", end_step_));
}

void BatchReader::read() {
  try {
    std::vector<data::WindowRef> windows;
    for (int64_t step = first_step_; step < end_step_; ++step) {
      if (windows.empty()) {
        windows = mixture_.batch(step);
      }
      // A slow disk fetches the next step's windows, all at once, while this step's are read and waited for.
      const std::vector<data::WindowRef> next =
          step + 1 < end_step_ ? mixture_.batch(step + 1) : std::vector<data::WindowRef>{};
      for (int64_t i = own_.begin; i < own_.end && !next.empty(); ++i) {
        mixture_.read_ahead(next[static_cast<size_t>(i)]);
      }
      for (int64_t first = own_.begin; first < own_.end; first += micro_batch_) {
        if (!put(read_batch(mixture_, windows, first, std::min(own_.end, first + micro_batch_), micro_batch_))) {
          return;
        }
      }
      windows = next;
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

bool BatchReader::put(Batch batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ready_.size() < most_ || stop_; });
  if (stop_) {
    return false;
  }
  ready_.push_back(std::move(batch));
  changed_.notify_all();
  return true;
}

}  // namespace cambium::train
