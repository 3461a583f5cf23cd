#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace cambium::study {

/// A study as its TOML file describes it. In all texts {out}, {variant}, {seed} and {run} stand for the folder of data
/// and runs, and of a run its variant, its seed and its directory; {name} for a value of that name. {here}, the
/// folder of the file, is already filled in.
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
  std::filesystem::path out;   ///< the page, and what it is made from
  std::filesystem::path runs;  ///< data and runs: `out`, or the folder of the study that this one extends
  std::filesystem::path run;   ///< the shared run configuration
  std::vector<int64_t> seeds;
  std::vector<std::pair<std::string, std::string>> values;  ///< name and what it stands for
  std::vector<std::string> set;                             ///< of all runs
  std::vector<Prepare> prepare;                             ///< one after the other
  std::vector<Variant> variants;
  std::vector<std::string> lens;     ///< options of `lens train`; empty: none
  std::string tasks;                 ///< of `eval`; "": none
  std::vector<std::string> eval;     ///< further options
  std::string analyses;              ///< of `analyze`; "": none
  std::vector<std::string> analyze;  ///< further options
};

/// Reads a study, and the one that it extends. `overrides`: KEY=VALUE for the configuration of every run; study.out,
/// study.runs, study.seeds (1,2,3) and study.<name of a value> are the study's own. Throws InvalidInput that names the
/// file, the key and what was expected.
StudyConfig load_study(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace cambium::study
