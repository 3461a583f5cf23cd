#include "apps/cambium/eval_in_training.h"

#include <cmath>
#include <memory>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/eval/evaluate.h"
#include "cambium/train/setup.h"

namespace {

using cambium::formats::Json;
using namespace cambium::eval;

/// JSON has no infinity: null stands for it.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace

cambium::train::Evaluate eval_in_training(const cambium::config::RunConfig& config) {
  if (config.eval.tasks.empty() || config.data.source.empty()) {
    return {};
  }
  EvalSettings settings;
  settings.data = config.eval.data;
  settings.limit = config.eval.limit;
  settings.bootstrap = 0;
  std::vector<Task> tasks = select_tasks(config.eval.tasks, task_folder(), settings.data);
  auto opened = cambium::train::open_tokenizer(config.data);
  if (!opened) {
    cambium::bad_input("[eval] needs a tokenizer: neither `data.tokenizer` nor {} has one",
                       config.data.source.front().path);
  }
  auto tokenizer = std::make_shared<const cambium::text::Tokenizer>(std::move(*opened));
  const int64_t vocab_size = config.model.architecture.vocab_size;
  if (vocab_size > 0 && tokenizer->vocab_size() > vocab_size) {
    cambium::bad_input("[eval]: the tokenizer has {} entries, the model only {}", tokenizer->vocab_size(), vocab_size);
  }
  auto evaluation = std::make_shared<const Evaluation>(std::move(tasks), settings);
  return [tokenizer, evaluation](cambium::model::Llama& model, cambium::dist::Group& group) {
    Json results = Json::object();
    for (const TaskResult& result : evaluation->run({.model = model, .tokenizer = *tokenizer}, group)) {
      for (const MetricValue& metric : result.metrics) {
        results[result.name][metric.key] = number(metric.value);
      }
    }
    return results;
  };
}
