#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "cambium/report/read_results.h"
#include "cambium/report/run.h"
#include "cambium/report/study_file.h"

namespace cambium::report {

/// All that the page is made from.
struct Collection {
  std::vector<Variant> variants;  ///< the baseline first
  bool has_baseline = false;      ///< there is more than one variant, and one that the others are compared with
  std::vector<StudyFile> studies;
  std::vector<Evaluation> evaluations;
  std::vector<std::filesystem::path> not_shown;  ///< a second file of the same analysis of the same run

  const Variant& baseline() const { return variants.front(); }
  size_t num_runs() const;
};

/// Searches directories for runs, evaluations and analyses. Results belong to the run in whose directory they lie, else
/// to the one that they name, else to a model of their own. Hidden files and what a killed command left unfinished are
/// passed over. `baseline`: the variant that others are compared with; "": the study's, else one named baseline or
/// none, else the first that does not grow. Throws InvalidInput where a directory is not there or nothing was found in
/// any, where files are broken, and where there is no such baseline.
Collection collect(std::span<const std::filesystem::path> directories, const std::string& baseline = "");

}  // namespace cambium::report
