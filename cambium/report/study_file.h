#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cambium/formats/json.h"

namespace cambium::report {

inline constexpr const char* kStudyFile = "study.json";

/// What a study says of its runs: names that need not be guessed, and how everything was made.
struct StudyFile {
  struct Entry {
    std::filesystem::path directory;  ///< of the run
    std::string variant, seed;
  };
  struct Command {
    std::string job, line;  ///< "train lidas-s1", "cambium train ..."
  };
  std::filesystem::path file;
  std::string name, question, baseline;
  std::vector<Entry> runs;  ///< in the order in which the variants are to be shown
  std::vector<Command> commands;
  std::vector<Command> machine;  ///< facts: what, and how it is
};

/// Reads study.json: {"name", "question", "baseline", "runs": [{"dir", "variant", "seed"}], "commands": [{"job",
/// "command"}], "machine": {fact: text}}; directories are relative to the file's own. Throws InvalidInput that names
/// file and key.
StudyFile read_study_file(const std::filesystem::path& file);

}  // namespace cambium::report
