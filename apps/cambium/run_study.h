#pragma once

#include "cambium/study/jobs/scheduler.h"
#include "cambium/study/jobs/study_config.h"

/// Runs a study with a table of how it goes on stderr, and prints what came out of it. `jobs`: side by side. Returns
/// the exit code; throws Error where jobs failed.
int run_study(const cambium::study::StudyConfig& study, int jobs);

/// Where the study keeps stamps and logs, and what runs it.
cambium::study::Settings study_settings(const cambium::study::StudyConfig& study, int jobs);
