#include "cambium/analysis/tasks.h"

#include <algorithm>

#include "cambium/analysis/values.h"
#include "cambium/base/error.h"
#include "cambium/base/hash.h"

namespace cambium::analysis {
namespace {

/// Routes that are asked together: a unit is kept when all of them are done, and layers before the first difference are
/// run again for the next ones.
constexpr size_t kTogether = 8;

std::vector<std::string> names_of(const std::vector<eval::Task>& tasks) {
  std::vector<std::string> names;
  for (const eval::Task& task : tasks) {
    if (task.kind == eval::TaskKind::kRolling) {
      bad_input("--tasks: `{}`: expected tasks with right answers, found one on the likelihood of texts", task.name);
    }
    names.push_back(task.name);
  }
  return names;
}

}  // namespace

Tasks::Tasks(std::vector<eval::Task> tasks, eval::EvalSettings settings, const text::Tokenizer& tokenizer)
    : tokenizer_(tokenizer), names_(names_of(tasks)), evaluation_(std::move(tasks), std::move(settings)) {
  hash_ = hash_hex(evaluation_.hash() + tokenizer.hash());
}

at::Tensor Tasks::accuracies(Context& context, std::span<const model::Route> routes, std::string_view unit) const {
  Partial& partial = context.partial;
  partial.expect(static_cast<int64_t>(routes.size()), "passes over the tasks");
  const auto name = [&](size_t route) { return format("{} {}", unit, routes[route].order); };
  std::vector<size_t> open;
  for (size_t route = 0; route < routes.size(); ++route) {
    if (!partial.find(name(route))) {
      open.push_back(route);
    }
  }
  std::sort(open.begin(), open.end(), [&](size_t a, size_t b) { return routes[a].order < routes[b].order; });
  const eval::Subject subject{.model = context.engine.model(), .tokenizer = tokenizer_};
  for (size_t first = 0; first < open.size(); first += kTogether) {
    partial.check_signal();
    const auto together = std::span(open).subspan(first, std::min(kTogether, open.size() - first));
    std::vector<model::Route> chosen;
    for (const size_t route : together) {
      chosen.push_back(routes[route]);
    }
    std::vector<formats::Json> found(chosen.size());
    evaluation_.run(subject, chosen,
                    [&](size_t route, const eval::TaskResult& result) { found[route].push_back(result.accuracy()); });
    for (size_t i = 0; i < together.size(); ++i) {
      partial.keep(name(together[i]), std::move(found[i]));
    }
  }
  std::vector<at::Tensor> rows;
  for (size_t route = 0; route < routes.size(); ++route) {
    rows.push_back(to_tensor(*partial.find(name(route))));
  }
  return at::stack(rows);
}

}  // namespace cambium::analysis
