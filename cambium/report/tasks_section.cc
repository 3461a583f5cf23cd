#include "cambium/base/format.h"
#include "cambium/base/text.h"
#include "cambium/report/section.h"
#include "cambium/report/task_groups.h"

namespace cambium::report {

Section tasks_section(const Collection& collection, const Links& links) {
  const std::vector<TaskMeasures> tasks = task_measures(collection);
  Table table;
  table.head = {"task", "metric"};
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    table.head.push_back(variant_name(collection, v));
  }
  std::string group;
  for (const TaskMeasures& task : tasks) {
    if (task.group != group) {
      group = task.group;
      table.rows.push_back({.cells = {escape(group)}, .heading = true});
    }
    for (size_t m = 0; m < task.metrics.size(); ++m) {
      const std::string name =
          m == 0 ? escape(task.task) + element("span", escape(join(task.notes, ", ")), "note") : "";
      std::vector<std::string> cells{name, escape(task.metrics[m].name)};
      for (size_t v = 0; v < collection.variants.size(); ++v) {
        cells.push_back(cell(task.metrics[m], v, links));
      }
      table.rows.push_back({.cells = std::move(cells)});
    }
  }
  const std::string body =
      tasks.empty() ? ""
                    : "<p class=\"lead\">Accuracies and exact matches in percent. ± is the standard deviation "
                      "over seeds; in brackets, the standard error over items of a single run. The first metric "
                      "of a task counts in its group's mean.</p>" +
                          table.html("tasks");
  return {.id = "tasks", .title = "Task by task", .body = body};
}

}  // namespace cambium::report
