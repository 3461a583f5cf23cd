#include "cambium/train/run_directory.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/log.h"
#include "cambium/base/rename.h"
#include "cambium/train/record/manifest.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

constexpr const char* kCheckpoints = "checkpoints";

struct Found {
  CheckpointName name;
  fs::path path;
};

/// Everything that is named like a checkpoint, whole or not, newest first.
std::vector<Found> named_checkpoints(const fs::path& run_directory) {
  std::vector<Found> found;
  const fs::path folder = run_directory / kCheckpoints;
  if (fs::is_directory(folder)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (const auto name = parse_checkpoint_name(entry.path().filename().string()); name && entry.is_directory()) {
        found.push_back({*name, entry.path()});
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.name > b.name; });
  return found;
}

std::vector<fs::path> entries(const fs::path& directory) {
  std::vector<fs::path> paths;
  if (fs::is_directory(directory)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
      paths.push_back(entry.path());
    }
  }
  return paths;
}

bool written_by_a_run(const std::string& name) {
  return name == kCheckpoints || name == "metrics.jsonl" || name == "config.toml" ||
         (name.starts_with("log.") && name.ends_with("txt")) || name.starts_with("events.out.tfevents.");
}

/// The first `previous-<n>` that is not there yet.
fs::path unused_previous(const fs::path& run_directory) {
  int n = 1;
  while (fs::exists(run_directory / format("previous-{}", n))) {
    ++n;
  }
  return run_directory / format("previous-{}", n);
}

void move_into(const fs::path& target, const std::vector<fs::path>& moved) {
  make_directories(target);
  for (const fs::path& path : moved) {
    rename_path(path, target / path.filename());
  }
}

}  // namespace

std::optional<fs::path> newest_checkpoint(const fs::path& run_directory) {
  for (const Found& found : named_checkpoints(run_directory)) {
    std::string wrong = check_manifest(found.path, /*hashes=*/true);
    if (wrong.empty() && !has_optimizer(found.path)) {
      wrong = format("{}: holds no optimizer state", found.path.string());
    }
    if (wrong.empty()) {
      return found.path;
    }
    log_warning(format("passing over a damaged checkpoint: {}", wrong));
  }
  return std::nullopt;
}

void remove_leftovers(const fs::path& run_directory) {
  for (const fs::path& path : entries(run_directory / kCheckpoints)) {
    const std::string name = path.filename().string();
    if (name.starts_with(".step-") && (name.ends_with(".partial") || name.ends_with(".removed"))) {
      std::error_code ignored;  // only disk space is at stake
      fs::remove_all(path, ignored);
    }
  }
}

void set_aside(const fs::path& run_directory) {
  std::vector<fs::path> moved = entries(run_directory);
  std::erase_if(moved, [](const fs::path& path) { return !written_by_a_run(path.filename().string()); });
  if (moved.empty()) {
    return;
  }
  const fs::path target = unused_previous(run_directory);
  move_into(target, moved);
  log_info(format("moved what an earlier run left in {} to {}", run_directory.string(), target.string()));
}

void set_aside_newer(const fs::path& run_directory, std::optional<CheckpointName> start) {
  std::vector<fs::path> moved;
  for (const Found& found : named_checkpoints(run_directory)) {
    if (!start || found.name > *start) {
      moved.push_back(found.path);
    }
  }
  if (moved.empty()) {
    return;
  }
  const fs::path target = unused_previous(run_directory) / kCheckpoints;
  move_into(target, moved);
  log_info(format("moved {} that the run does not go on from to {}",
                  moved.size() == 1 ? "a checkpoint" : format("{} checkpoints", moved.size()), target.string()));
}

void prune_checkpoints(const fs::path& run_directory, const config::CheckpointSection& settings,
                       const std::vector<int64_t>& growth_steps) {
  const std::vector<fs::path> all = list_checkpoints(run_directory);
  int64_t kept = 0;
  for (auto path = all.rbegin(); path != all.rend(); ++path) {
    const CheckpointName name = *parse_checkpoint_name(path->filename().string());
    const bool at_growth =
        name.grown || std::find(growth_steps.begin(), growth_steps.end(), name.step) != growth_steps.end();
    if (at_growth && settings.keep_growth) {
      continue;
    }
    const bool in_turn = settings.every == 0 || name.step % settings.every == 0 || path == all.rbegin();
    if (in_turn && kept < std::max<int64_t>(1, settings.keep)) {
      ++kept;
      continue;
    }
    // Renamed first: a half-removed folder must not look like a checkpoint.
    const fs::path doomed = path->parent_path() / format(".{}.removed", path->filename().string());
    try {
      fs::remove_all(doomed);
      rename_path(*path, doomed);
      fs::remove_all(doomed);
    } catch (const std::exception& error) {
      log_warning(format("{}: cannot remove the old checkpoint: {}", path->string(), error.what()));
    }
  }
}

}  // namespace cambium::train
