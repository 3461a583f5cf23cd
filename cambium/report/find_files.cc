#include "cambium/report/find_files.h"

#include <algorithm>
#include <set>

#include "cambium/base/error.h"
#include "cambium/report/read_results.h"
#include "cambium/report/read_run.h"
#include "cambium/report/study_file.h"

namespace cambium::report {
namespace fs = std::filesystem;
namespace {

/// Below these lie no results: weights, what is half done, and runs that were set aside.
bool passed_over(const fs::path& directory) {
  const std::string name = directory.filename().string();
  return name.starts_with('.') || name == "checkpoints" || name == "unfinished" || name.starts_with("previous-") ||
         fs::exists(directory / "trainer.json");
}

class Finder {
 public:
  void walk(const fs::path& directory) {
    if (!seen_.insert(fs::weakly_canonical(directory)).second) {
      return;
    }
    if (is_run(directory)) {
      found.runs.push_back(directory);
    }
    std::vector<fs::path> entries;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
      entries.push_back(entry.path());
    }
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      if (fs::is_directory(entry) && !fs::is_symlink(entry)) {
        if (!passed_over(entry)) {
          walk(entry);
        }
      } else if (fs::is_regular_file(entry)) {
        add(entry);
      }
    }
  }

  /// A study's runs, wherever they lie; those that were not begun yet have no directory.
  void add_study(const fs::path& file) {
    found.studies.push_back(file);
    for (const StudyFile::Entry& run : read_study_file(file).runs) {
      if (fs::is_directory(run.directory)) {
        walk(run.directory.lexically_normal());
      }
    }
  }

  FoundFiles found;

 private:
  void add(const fs::path& file) {
    if (is_evaluation(file)) {
      found.evaluations.push_back(file);
    } else if (is_analysis(file)) {
      found.analyses.push_back(file);
    } else if (file.filename() == kStudyFile) {
      found.studies.push_back(file);
    }
  }

  std::set<fs::path> seen_;
};

}  // namespace

FoundFiles find_files(std::span<const fs::path> places) {
  Finder finder;
  for (const fs::path& place : places) {
    if (fs::is_directory(place)) {
      finder.walk(place.lexically_normal());
    } else if (place.filename() == kStudyFile && fs::exists(place)) {
      finder.add_study(place);
    } else {
      bad_input("{}: expected a directory or a {}, found {}", place.string(), kStudyFile,
                fs::exists(place) ? "another file" : "nothing of that name");
    }
  }
  return std::move(finder.found);
}

}  // namespace cambium::report
