#include "cambium/study/jobs/job.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>

#include "cambium/base/format.h"
#include "cambium/study/jobs/training_plan.h"

namespace cambium::study {
namespace fs = std::filesystem;
namespace {

/// What {out} and the like stand for.
using Words = std::vector<std::pair<std::string, std::string>>;

std::string filled(std::string text, const Words& words) {
  for (const auto& [word, meaning] : words) {
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + meaning.size())) {
      text.replace(at, word.size(), meaning);
    }
  }
  return text;
}

void add_filled(std::vector<std::string>& to, const std::vector<std::string>& from, const Words& words) {
  for (const std::string& text : from) {
    to.push_back(filled(text, words));
  }
}

class Builder {
 public:
  explicit Builder(const StudyConfig& study) : study_(study) {}

  std::vector<Job> jobs() {
    prepare();
    const size_t prepared = jobs_.size();
    for (const int64_t seed : study_.seeds) {
      for (const StudyConfig::Variant& variant : study_.variants) {
        add_run(variant, seed, prepared);
      }
    }
    Job report{.name = "report",
               .arguments = {"report", record_file(study_).string(), "--out", (study_.out / "report.html").string()}};
    report.makes = {study_.out / "report.html"};
    report.after.resize(jobs_.size());
    std::iota(report.after.begin(), report.after.end(), size_t{0});
    report.report = true;
    jobs_.push_back(std::move(report));
    return std::move(jobs_);
  }

 private:
  /// A value may hold {out}; all others stand for what they say.
  Words words_of(const Words& of_run) const {
    Words words;
    for (const auto& [name, meaning] : study_.values) {
      words.emplace_back("{" + name + "}", meaning);
    }
    words.insert(words.end(), of_run.begin(), of_run.end());
    words.emplace_back("{out}", study_.runs.string());
    return words;
  }

  void prepare() {
    const Words words = words_of({});
    for (const StudyConfig::Prepare& step : study_.prepare) {
      Job job{.name = "prepare/" + step.name};
      add_filled(job.arguments, step.command, words);
      for (const std::string& made : step.makes) {
        job.makes.emplace_back(filled(made, words));
      }
      if (!jobs_.empty()) {
        job.after = {jobs_.size() - 1};
      }
      jobs_.push_back(std::move(job));
    }
  }

  void add_run(const StudyConfig::Variant& variant, int64_t seed, size_t prepared) {
    const fs::path directory = run_directory(study_, variant.name, seed);
    const std::string name = directory.filename().string();
    const Words words =
        words_of({{"{variant}", variant.name}, {"{seed}", std::to_string(seed)}, {"{run}", directory.string()}});
    std::vector<std::string> set{"run.dir=" + directory.string(), format("run.seed={}", seed)};
    add_filled(set, variant.set, words);
    add_filled(set, study_.set, words);

    Job train{.name = "train/" + name, .arguments = {"train", study_.run.string()}};
    for (const std::string& assignment : set) {
      train.arguments.insert(train.arguments.end(), {"--set", assignment});
    }
    train.makes = {directory / "config.toml", directory / "metrics.jsonl", directory / "checkpoints"};
    if (prepared > 0) {
      train.after.push_back(prepared - 1);
    }
    for (const std::string& before : variant.after) {
      train.after.push_back(trainings_.at(run_directory(study_, before, seed)));
    }
    train.run = directory;
    train.config = config::load_run_config(study_.run, set);
    if (const std::optional<config::Plan> plan = plan_of(*train.config)) {
      train.steps = plan->steps.total;
      train.flops = plan->flops;
    }
    const size_t trained = add(std::move(train));
    trainings_[directory] = trained;

    std::vector<std::string> lens;
    size_t ready = trained;
    if (!study_.lens.empty()) {
      Job job{.name = "lens/" + name,
              .arguments = {"lens", "train", directory.string(), "--out", (directory / "lens").string()}};
      add_filled(job.arguments, study_.lens, words);
      job.makes = {directory / "lens"};
      job.after = {trained};
      ready = add(std::move(job));
      lens = {"--lens", (directory / "lens").string()};
    }
    if (!study_.tasks.empty()) {
      Job job{
          .name = "eval/" + name,
          .arguments = {"eval", directory.string(), "--tasks", study_.tasks, "--out", (directory / "eval").string()}};
      add_filled(job.arguments, study_.eval, words);
      job.makes = {directory / "eval"};
      job.results = directory / "eval";
      job.after = {trained};
      add(std::move(job));
    }
    if (!study_.analyses.empty()) {
      Job job{.name = "analyze/" + name,
              .arguments = {"analyze", directory.string(), "--analysis", study_.analyses, "--out",
                            (directory / "analysis").string()}};
      job.arguments.insert(job.arguments.end(), lens.begin(), lens.end());
      add_filled(job.arguments, study_.analyze, words);
      job.makes = {directory / "analysis"};
      job.after = {ready};
      add(std::move(job));
    }
  }

  std::optional<config::Plan> plan_of(const config::RunConfig& config) const {
    const auto parent = trainings_.find(fs::path(config.run.branch_from).parent_path().parent_path());
    return plan_training(config, config.run.branch_from.empty() || parent == trainings_.end()
                                     ? std::nullopt
                                     : plan_of(*jobs_[parent->second].config));
  }

  size_t add(Job job) {
    jobs_.push_back(std::move(job));
    return jobs_.size() - 1;
  }

  const StudyConfig& study_;
  std::vector<Job> jobs_;
  std::map<fs::path, size_t> trainings_;
};

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_./=,:+@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) {
    return word;
  }
  std::string out = "'";
  for (const char c : word) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out + "'";
}

}  // namespace

std::vector<Job> make_jobs(const StudyConfig& study) { return Builder(study).jobs(); }

fs::path run_directory(const StudyConfig& study, const std::string& variant, int64_t seed) {
  return study.runs / format("{}-s{}", variant, seed);
}

fs::path record_file(const StudyConfig& study) { return study.out / "study.json"; }

std::string command_line(const Job& job) {
  std::string line = "cambium";
  for (const std::string& argument : job.arguments) {
    line += " " + quoted(argument);
  }
  return line;
}

}  // namespace cambium::study
