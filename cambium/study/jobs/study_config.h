#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cambium::study {

/// A study as its TOML file describes it. In all texts {out}, {variant}, {seed} and {run} stand for the study's folder,
/// and of a run its variant, its seed and its directory.
struct StudyConfig {
  struct Prepare {
    std::string name;
    std::vector<std::string> command;  ///< of cambium: "data", "synth", "--task", ...
    std::vector<std::string> makes;    ///< files and directories
  };
  struct Variant {
    std::string name;
    std::vector<std::string> set;    ///< KEY=VALUE over the shared run configuration
    std::vector<std::string> after;  ///< variants whose run of the same seed must be there first
  };
  std::string name, question, baseline;
  std::filesystem::path out;
  std::filesystem::path run;  ///< the shared run configuration
  std::vector<int64_t> seeds;
  std::vector<std::string> set;  ///< of all runs
  std::vector<Prepare> prepare;  ///< one after the other
  std::vector<Variant> variants;
  std::vector<std::string> lens;     ///< options of `lens train`; empty: none
  std::string tasks;                 ///< of `eval`; "": none
  std::vector<std::string> eval;     ///< further options
  std::string analyses;              ///< of `analyze`; "": none
  std::vector<std::string> analyze;  ///< further options
};

/// Reads a study. `overrides`: KEY=VALUE for the configuration of every run; study.out and study.seeds (1,2,3) are the
/// study's own. Throws InvalidInput that names the file, the key and what was expected.
StudyConfig load_study(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace cambium::study
