#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/config/run_config.h"
#include "cambium/study/jobs/study_config.h"

namespace cambium::study {

/// One command of a study, a child process.
struct Job {
  std::string name;                         ///< "train/midas-s1"
  std::vector<std::string> arguments = {};  ///< of cambium
  std::vector<std::filesystem::path> makes = {};
  std::vector<size_t> after = {};  ///< indices of jobs before it in the list
  std::filesystem::path results =
      {};                          ///< of an evaluation: its folder, where results of an unfinished start are replaced
  bool report = false;             ///< runs in any case at the end, with what there is
  std::filesystem::path run = {};  ///< of a training: its directory
  std::optional<config::RunConfig> config = {};
  int64_t steps = 0;  ///< of a training; 0: not known before its data are there
  double flops = 0;   ///< the same
};

/// The jobs of a study, each behind those that it needs. Every run's configuration is read: throws InvalidInput for
/// what is wrong in any of them before anything runs.
std::vector<Job> make_jobs(const StudyConfig& study);

/// The directory of a run.
std::filesystem::path run_directory(const StudyConfig& study, const std::string& variant, int64_t seed);

/// What the study says of its runs, for the report.
std::filesystem::path record_file(const StudyConfig& study);

/// "cambium train ...", quoted for a shell.
std::string command_line(const Job& job);

}  // namespace cambium::study
