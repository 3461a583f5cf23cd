#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "cambium/dist/group.h"

namespace cambium::train {

/// Saves the checkpoints of a run and bears with a full disk: training goes on without the one that found no room, and
/// another is tried a while later. All ranks call the same functions in the same order.
class CheckpointSaver {
 public:
  /// Writes a checkpoint of the run as it is; throws DiskFull on all ranks alike.
  using Write = std::function<void(const std::filesystem::path&)>;

  /// `newest`: the checkpoint that the run goes on from; "": none.
  CheckpointSaver(dist::Group& group, std::filesystem::path newest, Write write);

  /// Writes one, of the state after `step` steps. Where the disk is full, says so once.
  void save(const std::filesystem::path& path, int64_t step);
  /// Whether to try again to write one that found no room; the leader's clock decides for all ranks.
  bool retry_is_due();
  /// Writes the checkpoint behind which this process ends. On a full disk it waits for room: a twentieth of the seconds
  /// that it has trained, ten at least and an hour at most. Then it throws what the last attempt said.
  void save_at_last(const std::filesystem::path& path, int64_t step, double trained_seconds);

  /// The newest one that was written; "": none.
  const std::filesystem::path& newest() const { return newest_; }
  /// The same for a message.
  std::string newest_name() const { return newest_.empty() ? "there is none" : newest_.string(); }

 private:
  using Clock = std::chrono::steady_clock;
  /// A checkpoint that found no room.
  struct Unsaved {
    std::string why;
    Clock::time_point retry;
  };

  dist::Group& group_;
  std::filesystem::path newest_;
  Write write_;
  std::optional<Unsaved> unsaved_;
};

}  // namespace cambium::train
