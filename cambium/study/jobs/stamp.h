#pragma once

#include <filesystem>

#include "cambium/study/jobs/job.h"

namespace cambium::study {

/// Whether a job was done, with this very command, and what it made is still there as it was: sizes and XXH3-128 of all
/// files that the stamp lists. A stamp that cannot be read counts as none.
bool is_done(const std::filesystem::path& stamp, const Job& job);

/// Hashes what the job made and writes the stamp, whole. Throws Error where the job did not make what it was to make.
void write_stamp(const std::filesystem::path& stamp, const Job& job);

}  // namespace cambium::study
