#include "cambium/report/task_groups.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "cambium/base/format.h"

namespace cambium::report {
namespace {

struct TaskName {
  std::string task, group;
  std::vector<std::string> metrics;
  bool percent = true;  ///< of the first metric
};

std::vector<TaskName> all_tasks(const Collection& collection) {
  std::vector<TaskName> tasks;
  for (const Variant& variant : collection.variants) {
    for (const Run& run : variant.runs) {
      for (const TaskScore& score : run.scores) {
        auto task = std::find_if(tasks.begin(), tasks.end(), [&](const TaskName& t) { return t.task == score.task; });
        if (task == tasks.end()) {
          // Behind the last task of its group.
          const auto last = std::find_if(tasks.rbegin(), tasks.rend(), [&](auto& t) { return t.group == score.group; });
          task = tasks.insert(last == tasks.rend() ? tasks.end() : last.base(),
                              {.task = score.task, .group = score.group, .metrics = {}, .percent = score.percent});
        }
        if (std::find(task->metrics.begin(), task->metrics.end(), score.metric) == task->metrics.end()) {
          task->metrics.push_back(score.metric);
        }
      }
    }
  }
  return tasks;
}

const TaskScore* find(const Run& run, const std::string& task, const std::string& metric) {
  const auto found = std::find_if(run.scores.begin(), run.scores.end(),
                                  [&](const TaskScore& s) { return s.task == task && s.metric == metric; });
  return found == run.scores.end() ? nullptr : &*found;
}

Measure::Better better(const std::string& metric, bool percent) {
  if (percent) {
    return Measure::Better::kHigher;
  }
  const bool cost = metric.find("perplexity") != std::string::npos || metric.starts_with("nll") ||
                    metric.starts_with("bits_per_byte");
  return cost ? Measure::Better::kLower : Measure::Better::kNeither;
}

/// "acc" of "acc,none"; other filters stay.
std::string shown_metric(const std::string& metric) {
  const size_t comma = metric.find(',');
  const std::string filter = metric.substr(comma + 1);
  return filter == "none" ? metric.substr(0, comma) : metric.substr(0, comma) + " (" + filter + ")";
}

std::vector<std::string> notes_on(const Collection& collection, const std::string& task) {
  std::set<std::string> items, shots;
  for (const Variant& variant : collection.variants) {
    for (const Run& run : variant.runs) {
      for (const TaskScore& score : run.scores) {
        if (score.task == task) {
          items.insert(score.items ? format("{}", *score.items) : "?");
          shots.insert(score.shots ? format("{}", *score.shots) : "?");
        }
      }
    }
  }
  std::vector<std::string> notes{format("{} items", fmt::join(items, " or ")),
                                 format("{} shots", fmt::join(shots, " or "))};
  if (items.size() > 1 || shots.size() > 1) {
    notes.emplace_back("runs were asked differently");
  }
  return notes;
}

}  // namespace

std::vector<TaskMeasures> task_measures(const Collection& collection) {
  std::vector<TaskMeasures> found;
  for (const TaskName& name : all_tasks(collection)) {
    TaskMeasures task{.task = name.task, .group = name.group, .metrics = {}, .notes = notes_on(collection, name.task)};
    for (const std::string& metric : name.metrics) {
      bool percent = false;
      Measure scores = measure(
          collection, shown_metric(metric), 1, Measure::Better::kNeither, [&](const Run& run) -> std::optional<Value> {
            const TaskScore* score = find(run, name.task, metric);
            if (score == nullptr) {
              return std::nullopt;
            }
            percent = score->percent;
            return Value{
                .seed = {}, .value = score->value, .file = score->file, .standard_error = score->standard_error};
          });
      const bool large = std::any_of(
          scores.variants.begin(), scores.variants.end(),
          [](const std::vector<Value>& values) { return !values.empty() && std::abs(values.front().value) >= 10; });
      scores.digits = percent ? 1 : large ? 2 : 4;
      scores.better = better(metric, percent);
      task.metrics.push_back(std::move(scores));
    }
    found.push_back(std::move(task));
  }
  return found;
}

std::vector<Measure> group_measures(const Collection& collection) {
  const std::vector<TaskName> tasks = all_tasks(collection);
  std::vector<std::string> groups;
  for (const TaskName& task : tasks) {
    if (std::find(groups.begin(), groups.end(), task.group) == groups.end()) {
      groups.push_back(task.group);
    }
  }
  std::vector<Measure> found;
  for (const std::string& group : groups) {
    std::vector<const TaskName*> members;
    for (const TaskName& task : tasks) {
      if (task.group == group && task.percent) {
        members.push_back(&task);
      }
    }
    if (members.empty()) {  // a group of losses: one task stands for itself, more have no common scale
      const auto count = std::count_if(tasks.begin(), tasks.end(), [&](auto& t) { return t.group == group; });
      if (count != 1) {
        continue;
      }
      members.push_back(&*std::find_if(tasks.begin(), tasks.end(), [&](auto& t) { return t.group == group; }));
    }
    const bool percent = members.front()->percent;
    found.push_back(measure(collection, percent ? group + ", %" : group, percent ? 1 : 4,
                            better(members.front()->metrics.front(), percent),
                            [&](const Run& run) -> std::optional<Value> {
                              Value value{.seed = {}, .value = 0, .file = {}};
                              for (const TaskName* task : members) {
                                const TaskScore* score = find(run, task->task, task->metrics.front());
                                if (score == nullptr) {
                                  return std::nullopt;
                                }
                                value.value += score->value / static_cast<double>(members.size());
                                value.file = score->file;
                              }
                              return value;
                            }));
  }
  return found;
}

}  // namespace cambium::report
