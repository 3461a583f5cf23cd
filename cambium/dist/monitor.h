#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <vector>

#include "cambium/dist/partition.h"

namespace cambium::dist {

/// Ends the process where another rank has ended, hangs or says that it failed. Every rank writes a sign of life into
/// the store several times within the time-out; rank 0 reads those of all ranks, the others read rank 0's, and all of
/// them the word of a rank that fails. A message names ranks as `names` does ("rank 2 (host, process 17)").
class Monitor {
 public:
  /// `store`: a connection of the monitor's own.
  Monitor(c10::intrusive_ptr<c10d::Store> store, Partition place, std::vector<std::string> names,
          std::chrono::milliseconds timeout);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor() { stop(); }

  /// Counts something that all ranks start together.
  void count() { ++begun_; }
  /// Something common has failed or has not come in time: finds out who is to blame, tells the others, ends the
  /// process. `absent`: the ranks that did not come, where that is known.
  [[noreturn]] void fail(const std::string& what, const std::vector<int64_t>& absent = {});
  /// This rank has failed: tells the others, then ends the process.
  [[noreturn]] void fail_here(const std::string& why, int exit_code) noexcept;
  /// The others are not looked after any more.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  void watch();
  void guard();
  void beat();
  void look_after(int64_t rank);
  std::vector<int64_t> to_blame();
  std::string names_of(const std::vector<int64_t>& ranks) const;
  void post(const std::string& why, int exit_code);
  /// Ends the process by the word of the rank that spoke first, if any has.
  void obey();
  [[noreturn]] void end(const std::string& why, int exit_code) noexcept;
  [[noreturn]] void end_without_store(const char* why) noexcept;
  bool rest();  ///< for one beat; false once it is time to stop

  c10::intrusive_ptr<c10d::Store> store_;
  Partition place_;
  std::vector<std::string> names_;
  std::chrono::milliseconds timeout_, beat_;
  std::atomic<int64_t> begun_ = 0;
  std::atomic<bool> ending_ = false;
  int64_t beats_ = 0;
  struct Sign {
    std::string text;
    Clock::time_point since;
  };
  std::vector<Sign> signs_;  ///< of each rank, the last one seen
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  Clock::time_point answered_ = Clock::now();  ///< when the store last did
  std::thread watch_;                          ///< the last members: they start when all others are there
  std::thread guard_;                          ///< ends the process where the store leaves the other one waiting
};

}  // namespace cambium::dist
