#include "cambium/train/checkpoint_saver.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/log.h"
#include "cambium/base/progress.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

constexpr auto kRetryAfter = std::chrono::seconds(10);

}  // namespace

CheckpointSaver::CheckpointSaver(dist::Group& group, fs::path newest, Write write)
    : group_(group), newest_(std::move(newest)), write_(std::move(write)) {}

void CheckpointSaver::save(const fs::path& path, int64_t step) {
  try {
    write_(path);
  } catch (const DiskFull& error) {
    if (!unsaved_ && group_.leads()) {
      log_warning(format("{}; there is no checkpoint of step {}, but training goes on and tries again every {}",
                         error.what(), step, format_duration(std::chrono::duration<double>(kRetryAfter).count())));
    }
    unsaved_ = {error.what(), Clock::now() + kRetryAfter};
    return;
  }
  newest_ = path;
  if (unsaved_) {
    log_info(format("there is room again: saved {}", path.string()));
    unsaved_.reset();
  }
}

bool CheckpointSaver::retry_is_due() {
  return unsaved_ && group_.from_first(Clock::now() >= unsaved_->retry ? "yes" : "no") == "yes";
}

void CheckpointSaver::save_at_last(const fs::path& path, int64_t step, double trained_seconds) {
  constexpr double kLeast = 10, kMost = 3600, kShare = 0.05;
  const double patience = std::clamp(kShare * trained_seconds, kLeast, kMost);
  const auto end = Clock::now() + std::chrono::duration<double>(patience);
  save(path, step);
  while (unsaved_) {
    if (group_.from_first(Clock::now() < end ? "wait" : "end") == "end") {
      fail("{}; waited {} for room; the newest checkpoint: {}", unsaved_->why, format_duration(patience),
           newest_name());
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
    save(path, step);
  }
}

}  // namespace cambium::train
