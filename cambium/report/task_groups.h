#pragma once

#include <string>
#include <vector>

#include "cambium/report/measure.h"

namespace cambium::report {

/// A task's scores: its first metric, which stands for it, and the others.
struct TaskMeasures {
  std::string task, group;
  std::vector<Measure> metrics;
  std::vector<std::string> notes;  ///< "limit 200 items", where runs were asked different questions
};

/// All tasks that any run was asked, by group, groups and tasks in the order in which they are met.
std::vector<TaskMeasures> task_measures(const Collection& collection);

/// Of each group, the mean over its tasks of the metric that stands for the task. A run counts where it has every task
/// of the group that any run has; groups of perplexities and of losses are left as they are.
std::vector<Measure> group_measures(const Collection& collection);

}  // namespace cambium::report
