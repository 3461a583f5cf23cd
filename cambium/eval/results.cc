#include "cambium/eval/results.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

#include "cambium/base/files.h"
#include "cambium/base/format.h"

namespace cambium::eval {
namespace fs = std::filesystem;
namespace {

using formats::Json;

/// "2026-01-31T12-30-00.123456", local time.
std::string date_id() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto micro = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%S", &local);
  return format("{}.{:06}", text, micro);
}

/// Perplexities, likelihoods and SQuAD's percentages stand for themselves; other metrics are shares.
bool is_share(const MetricValue& metric) {
  const std::string name = metric.key.substr(0, metric.key.find(','));
  return name.starts_with("acc") || name == "exact_match" || name == "em" || (name == "f1" && metric.standard_error);
}

/// Perplexities of models that know nothing do not fit a column.
std::string number(double value) { return std::abs(value) < 1e6 ? format("{:.4f}", value) : format("{:.3e}", value); }

/// Lines "nll, source books" and "nll, from 64 tokens" of a rolling task.
std::string profile_rows(const Json& profile) {
  const std::string indent(50, ' ');
  std::string out;
  for (const auto& [name, source] : profile["by_source"].items()) {
    out += format("{}  {:<34} {:>12.4f}\n", indent, "nll, source " + name, source["nll"].get<double>());
  }
  const Json& positions = profile["by_position"];
  for (size_t i = 0; i < positions["begin"].size(); ++i) {
    out += format("{}  {:<34} {:>12.4f}\n", indent, format("nll, from {} tokens", positions["begin"][i].get<int64_t>()),
                  positions["nll"][i].get<double>());
  }
  return out;
}

}  // namespace

std::vector<GroupScore> group_scores(std::span<const TaskResult> results) {
  std::vector<GroupScore> groups;
  for (const TaskResult& result : results) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](auto& g) { return g.group == result.group; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), GroupScore{result.group, 0, {}});
    }
    group->score += result.primary().value * (is_share(result.primary()) ? 100 : 1);
    group->tasks.push_back(result.name);
  }
  for (GroupScore& group : groups) {
    group.score /= static_cast<double>(group.tasks.size());
  }
  return groups;
}

Json results_json(std::span<const TaskResult> results, const EvalSettings& settings, const std::string& model_name) {
  Json values = Json::object(), shots = Json::object(), samples = Json::object(), versions = Json::object(),
       configs = Json::object(), higher = Json::object(), groups = Json::object(), members = Json::object();
  for (const TaskResult& result : results) {
    Json entry{{"alias", result.name}};
    Json better = Json::object();
    for (const MetricValue& metric : result.metrics) {
      const size_t comma = metric.key.find(',');
      const std::string name = metric.key.substr(0, comma), filter = metric.key.substr(comma);
      entry[metric.key] = metric.value;
      entry[name + "_stderr" + filter] = metric.standard_error ? Json(*metric.standard_error) : Json("N/A");
      better[name] = metric.higher_is_better;
    }
    if (!result.profile.is_null()) {
      entry["nll_profile"] = result.profile;
    }
    values[result.name] = entry;
    shots[result.name] = result.num_fewshot;
    samples[result.name] = {{"original", result.items}, {"effective", result.items}};
    versions[result.name] = result.version;
    configs[result.name] = {{"task", result.name},
                            {"num_fewshot", result.num_fewshot},
                            {"tag", {result.group}},
                            {"metadata", {{"version", result.version}}}};
    higher[result.name] = better;
  }
  for (const GroupScore& group : group_scores(results)) {
    groups[group.group] = {{"score", group.score}, {"tasks", group.tasks}};
    members[group.group] = group.tasks;
  }
  return {{"results", values},
          {"group_averages", groups},
          {"group_subtasks", members},
          {"configs", configs},
          {"versions", versions},
          {"n-shot", shots},
          {"higher_is_better", higher},
          {"n-samples", samples},
          {"config",
           {{"model", "cambium"},
            {"model_args", "pretrained=" + model_name},
            {"limit", settings.limit ? Json(*settings.limit) : Json()},
            {"bootstrap_iters", settings.bootstrap},
            {"batch_tokens", settings.scorer.batch_tokens},
            {"fewshot_seed", 1234}}},
          {"model_name", model_name}};
}

fs::path write_results(const fs::path& out, std::span<const TaskResult> results, const EvalSettings& settings,
                       const std::string& model_name) {
  make_directories(out);
  const std::string date = date_id();
  for (const TaskResult& result : results) {
    std::string lines;
    for (const Json& sample : result.samples) {
      lines += sample.dump() + "\n";
    }
    write_file_atomic(out / format("samples_{}_{}.jsonl", result.name, date), lines);
  }
  Json json = results_json(results, settings, model_name);
  json["date"] = static_cast<double>(std::time(nullptr));
  const fs::path file = out / format("results_{}.json", date);
  write_file_atomic(file, json.dump(2) + "\n");
  return file;
}

std::string results_table(std::span<const TaskResult> results) {
  std::string out = format("{:<36} {:>6} {:>6}  {:<34} {:>12}\n", "task", "items", "shots", "metric", "value");
  for (const TaskResult& result : results) {
    for (size_t i = 0; i < result.metrics.size(); ++i) {
      const MetricValue& metric = result.metrics[i];
      const std::string error = metric.standard_error ? " ± " + number(*metric.standard_error) : "";
      const std::string task =
          i == 0 ? format("{:<36} {:>6} {:>6}", result.name, result.items, result.num_fewshot) : std::string(50, ' ');
      out += format("{}  {:<34} {:>12}{}\n", task, metric.key, number(metric.value), error);
    }
    out += result.profile.is_null() ? "" : profile_rows(result.profile);
  }
  out += format("\n{:<36} {:>6}  {:>8}\n", "group", "tasks", "mean");
  for (const GroupScore& group : group_scores(results)) {
    out += format("{:<36} {:>6}  {:>8.2f}\n", group.group, group.tasks.size(), group.score);
  }
  return out;
}

}  // namespace cambium::eval
