#include "cambium/report/collect.h"

#include <algorithm>
#include <map>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/report/find_files.h"
#include "cambium/report/naming.h"
#include "cambium/report/read_run.h"

namespace cambium::report {
namespace fs = std::filesystem;
namespace {

/// `inner` is `outer` or lies below it; both canonical.
bool is_below(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

class Collector {
 public:
  Collection collect(std::span<const fs::path> directories, const std::string& baseline) {
    const FoundFiles found = find_files(directories);
    for (const fs::path& file : found.studies) {
      collection_.studies.push_back(read_study_file(file));
    }
    for (const fs::path& directory : found.runs) {
      runs_.push_back(read_run(directory));
      places_.push_back(fs::weakly_canonical(directory));
      name(runs_.back());
    }
    for (const fs::path& file : found.evaluations) {
      Evaluation evaluation = read_evaluation(file);
      add_scores(run_of(file, evaluation.model), evaluation.scores);
      collection_.evaluations.push_back(std::move(evaluation));
    }
    for (const fs::path& file : found.analyses) {
      AnalysisFile analysis = read_analysis(file);
      Run& run = run_of(file, analysis.json["model"].get<std::string>());
      if (!run.analyses.emplace(file.stem().string(), std::move(analysis)).second) {
        collection_.not_shown.push_back(file);
      }
    }
    if (runs_.empty()) {
      bad_input("{}: no run (config.toml, metrics.jsonl), evaluation (results_*.json) or analysis was found",
                directories.empty() ? "report" : directories.front().string());
    }
    tell_twins_apart();
    group();
    put_baseline_first(baseline);
    return std::move(collection_);
  }

 private:
  void name(Run& run) {
    const fs::path place = fs::weakly_canonical(run.directory);
    const std::optional<uint64_t> seed = run.config ? std::optional(run.config->run.seed) : std::nullopt;
    const RunName guessed = name_of_run(place, seed);
    run.variant = guessed.variant;
    run.seed = guessed.seed;
    for (const StudyFile& study : collection_.studies) {
      for (const StudyFile::Entry& entry : study.runs) {
        if (fs::weakly_canonical(entry.directory) == place) {
          run.variant = entry.variant;
          run.seed = entry.seed;
        }
      }
    }
  }

  /// The run that a file of results belongs to.
  Run& run_of(const fs::path& file, const std::string& model) {
    const fs::path here = fs::weakly_canonical(file), named = fs::weakly_canonical(model);
    for (const fs::path& place : {here, named}) {
      size_t best = runs_.size(), depth = 0;  // the innermost run around it
      for (size_t i = 0; i < runs_.size(); ++i) {
        const auto length = static_cast<size_t>(std::distance(places_[i].begin(), places_[i].end()));
        if (!places_[i].empty() && length > depth && is_below(place, places_[i])) {
          best = i, depth = length;
        }
      }
      if (best < runs_.size()) {
        return runs_[best];
      }
    }
    // A model that was not trained here; checkpoints of one run that is not among the directories are one model.
    fs::path directory = named;
    if (directory.parent_path().filename() == "checkpoints") {
      directory = directory.parent_path().parent_path();
    }
    Run run;
    run.directory = file.parent_path();
    const RunName guessed = name_of_run(directory, std::nullopt);
    run.variant = guessed.variant.empty() ? "model" : guessed.variant;
    run.seed = guessed.seed;
    runs_.push_back(std::move(run));
    places_.push_back(directory);
    return runs_.back();
  }

  /// A later file (they are named by date) replaces the same metric of an earlier one.
  static void add_scores(Run& run, const std::vector<TaskScore>& scores) {
    for (const TaskScore& score : scores) {
      const auto same = std::find_if(run.scores.begin(), run.scores.end(), [&](const TaskScore& old) {
        return old.task == score.task && old.metric == score.metric;
      });
      if (same == run.scores.end()) {
        run.scores.push_back(score);
      } else {
        *same = score;
      }
    }
  }

  /// Runs of one name and seed in different folders take the folder's name in front.
  void tell_twins_apart() {
    std::map<std::pair<std::string, std::string>, std::vector<size_t>> same;
    for (size_t i = 0; i < runs_.size(); ++i) {
      same[{runs_[i].variant, runs_[i].seed}].push_back(i);
    }
    for (const auto& [name, indices] : same) {
      for (size_t k = 0; indices.size() > 1 && k < indices.size(); ++k) {
        Run& run = runs_[indices[k]];
        const fs::path folder = fs::weakly_canonical(run.directory).parent_path().filename();
        run.variant = folder.empty() ? format("{} ({})", run.variant, k + 1) : folder.string() + "/" + run.variant;
      }
    }
  }

  void group() {
    for (Run& run : runs_) {
      auto variant = std::find_if(collection_.variants.begin(), collection_.variants.end(),
                                  [&](const Variant& v) { return v.name == run.variant; });
      if (variant == collection_.variants.end()) {
        variant = collection_.variants.insert(variant, Variant{.name = run.variant, .runs = {}});
      }
      variant->runs.push_back(std::move(run));
    }
    for (Variant& variant : collection_.variants) {
      std::stable_sort(variant.runs.begin(), variant.runs.end(), [](const Run& a, const Run& b) {
        return std::pair(a.seed.size(), a.seed) < std::pair(b.seed.size(), b.seed);
      });
    }
    std::stable_sort(collection_.variants.begin(), collection_.variants.end(),
                     [&](const Variant& a, const Variant& b) { return rank(a) < rank(b); });
  }

  /// The study's order, then those that do not grow, then the others; by name.
  std::tuple<size_t, bool, std::string> rank(const Variant& variant) const {
    size_t place = 0;
    for (const StudyFile& study : collection_.studies) {
      for (const StudyFile::Entry& entry : study.runs) {
        if (entry.variant == variant.name) {
          return {place, false, ""};
        }
        ++place;
      }
    }
    return {place, variant.grows(), variant.name};
  }

  void put_baseline_first(std::string wanted) {
    std::vector<Variant>& variants = collection_.variants;
    const bool asked = !wanted.empty();
    for (const StudyFile& study : collection_.studies) {
      wanted = wanted.empty() ? study.baseline : wanted;
    }
    const auto named = [&](std::string_view name) {
      return std::find_if(variants.begin(), variants.end(), [&](const Variant& v) { return v.name == name; });
    };
    auto baseline = variants.end();
    if (!wanted.empty()) {
      baseline = named(wanted);
      if (baseline == variants.end() && asked) {
        std::vector<std::string> names;
        for (const Variant& variant : variants) {
          names.push_back(variant.name);
        }
        bad_input("--baseline: no variant `{}` was found; there are {}", wanted, join(names, ", "));
      }
    }
    for (const std::string_view name : {"baseline", "none"}) {
      baseline = baseline == variants.end() ? named(name) : baseline;
    }
    if (baseline == variants.end()) {
      baseline = std::find_if(variants.begin(), variants.end(), [](const Variant& v) { return !v.grows(); });
    }
    collection_.has_baseline = variants.size() > 1 && baseline != variants.end();
    if (baseline != variants.end()) {
      std::rotate(variants.begin(), baseline, baseline + 1);
    }
  }

  Collection collection_;
  std::vector<Run> runs_;
  std::vector<fs::path> places_;  ///< canonical, one a run
};

}  // namespace

size_t Collection::num_runs() const {
  size_t count = 0;
  for (const Variant& variant : variants) {
    count += variant.runs.size();
  }
  return count;
}

Collection collect(std::span<const fs::path> directories, const std::string& baseline) {
  return Collector().collect(directories, baseline);
}

}  // namespace cambium::report
