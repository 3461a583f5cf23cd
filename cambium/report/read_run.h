#pragma once

#include <filesystem>

#include "cambium/report/run.h"

namespace cambium::report {

/// Whether a directory is that of a run: a config.toml or metrics.jsonl, with or without checkpoints.
bool is_run(const std::filesystem::path& directory);

/// Reads config.toml, metrics.jsonl, log.txt and the newest checkpoint's trainer.json, each where it is there. Throws
/// InvalidInput that names file and place where one of them is broken; a last line of metrics.jsonl without its end is
/// one that is being written, and left out.
Run read_run(const std::filesystem::path& directory);

}  // namespace cambium::report
