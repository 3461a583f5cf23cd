#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace cambium::data {

/// Threads that work on pieces in parallel while their results come back in the order in which the pieces went in, so
/// that what is made of them does not depend on the number of threads. The caller bounds what is under way.
template <typename Result>
class OrderedWorkers {
 public:
  explicit OrderedWorkers(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  OrderedWorkers(const OrderedWorkers&) = delete;
  OrderedWorkers& operator=(const OrderedWorkers&) = delete;
  /// Pieces that no thread has begun are dropped.
  ~OrderedWorkers() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      queue_.clear();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void submit(std::function<Result()> piece) {
    std::packaged_task<Result()> task(std::move(piece));
    results_.push_back(task.get_future());
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  size_t under_way() const { return results_.size(); }

  /// True where the oldest result is there already.
  bool next_is_ready() const {
    return !results_.empty() && results_.front().wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  /// The oldest result; waits for it. What its piece threw is thrown here.
  Result next() {
    std::future<Result> result = std::move(results_.front());
    results_.pop_front();
    return result.get();
  }

 private:
  void work() {
    for (;;) {
      std::packaged_task<Result()> task;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || !queue_.empty(); });
        if (queue_.empty()) return;
        task = std::move(queue_.front());
        queue_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<Result()>> queue_;
  std::deque<std::future<Result>> results_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace cambium::data
