#include "cambium/report/read_results.h"

#include <algorithm>
#include <array>

#include "cambium/base/error.h"

namespace cambium::report {
namespace fs = std::filesystem;
namespace {

using formats::Json;
using formats::JsonView;

constexpr std::array<std::string_view, 22> kAnalyses{"angular-distance",
                                                     "attention",
                                                     "block-influence",
                                                     "cka",
                                                     "contributions",
                                                     "cosines",
                                                     "depth-score",
                                                     "early-exit",
                                                     "logit-lens",
                                                     "loop",
                                                     "remove",
                                                     "residual-erasure",
                                                     "retrieval",
                                                     "reverse",
                                                     "shuffle-blocks",
                                                     "signatures",
                                                     "skip-effect",
                                                     "skip-effect-current",
                                                     "skip-effect-local",
                                                     "swap",
                                                     "tuned-lens",
                                                     "weight-similarity"};

/// Shares are shown in percent; perplexities, likelihoods and what is in percent already are not.
bool is_share(const std::string& metric, bool has_error) {
  return metric.starts_with("acc") || metric == "exact_match" || metric == "em" || (metric == "f1" && has_error);
}

std::string group_of(const Json& json, const std::string& task) {
  const Json* at = &json;
  for (const std::string& key : {std::string("configs"), task, std::string("tag")}) {
    if (!at->is_object() || !at->contains(key)) {
      return "other tasks";
    }
    at = &(*at)[key];
  }
  if (at->is_array() && !at->empty()) {
    at = &at->front();
  }
  return at->is_string() ? at->get<std::string>() : "other tasks";
}

std::optional<int64_t> count_of(const Json& json, const char* section, const std::string& task) {
  if (!json.contains(section) || !json[section].is_object() || !json[section].contains(task)) {
    return std::nullopt;
  }
  const Json& value = json[section][task];
  const Json& number = value.is_object() && value.contains("effective") ? value["effective"] : value;
  return formats::as_integer(number, 0, INT64_MAX);
}

/// NaN for null and for the names that Python writes for what JSON has no number for.
double score_of(const Json& value) { return value.is_number() ? value.get<double>() : kNan; }

void add_scores(Evaluation& evaluation, const Json& json, const std::string& task, const Json& metrics) {
  for (const auto& [key, value] : metrics.items()) {
    const size_t comma = key.find(',');
    if (comma == std::string::npos || key.substr(0, comma).ends_with("_stderr") || value.is_string()) {
      continue;
    }
    const std::string name = key.substr(0, comma), error = name + "_stderr" + key.substr(comma);
    const double deviation = metrics.contains(error) ? score_of(metrics[error]) : kNan;
    const bool percent = is_share(name, metrics.contains(error) && metrics[error].is_number());
    const double scale = percent ? 100 : 1;
    evaluation.scores.push_back({.task = task,
                                 .group = group_of(json, task),
                                 .metric = key,
                                 .value = scale * score_of(value),
                                 .standard_error = scale * deviation,
                                 .percent = percent,
                                 .items = count_of(json, "n-samples", task),
                                 .shots = count_of(json, "n-shot", task),
                                 .file = evaluation.file});
  }
}

}  // namespace

bool is_evaluation(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with("results_") && name.ends_with(".json");
}

Evaluation read_evaluation(const fs::path& file) {
  const Json json = formats::read_json(file);
  if (!json.is_object() || !json.contains("results") || !json["results"].is_object()) {
    bad_input("{}: key `results`: expected an object with an entry for each task", file.string());
  }
  Evaluation evaluation{.file = file, .model = {}, .scores = {}, .settings = Json::object()};
  if (json.contains("model_name")) {
    evaluation.model = JsonView(json, file.string()).string("model_name");
  }
  if (json.contains("config") && json["config"].is_object()) {
    evaluation.settings = json["config"];
  }
  for (const auto& [task, metrics] : json["results"].items()) {
    if (!metrics.is_object()) {
      bad_input("{}: key `results.{}`: expected an object, found {}", file.string(), task, metrics.dump());
    }
    add_scores(evaluation, json, task, metrics);
  }
  return evaluation;
}

bool is_analysis(const fs::path& file) {
  return file.extension() == ".json" &&
         std::find(kAnalyses.begin(), kAnalyses.end(), file.stem().string()) != kAnalyses.end();
}

AnalysisFile read_analysis(const fs::path& file) {
  AnalysisFile found{.file = file, .json = formats::read_json(file)};
  if (!found.json.is_object() || !found.json.contains("values") || !found.json["values"].is_object()) {
    bad_input("{}: key `values`: expected an object of named arrays", file.string());
  }
  for (const char* key : {"analysis", "model", "definition"}) {
    JsonView(found.json, file.string()).string(key);
  }
  return found;
}

}  // namespace cambium::report
