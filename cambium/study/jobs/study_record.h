#pragma once

#include <span>
#include <string>

#include "cambium/study/jobs/job.h"

namespace cambium::study {

/// The study's study.json, which `cambium report` reads: its question, which run is which variant and seed, and the
/// exact commands and machine. Written into the study's folder.
void write_study_record(const StudyConfig& study, std::span<const Job> jobs, const std::string& version);

}  // namespace cambium::study
