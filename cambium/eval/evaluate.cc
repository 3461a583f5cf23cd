#include "cambium/eval/evaluate.h"

#include <algorithm>

#include "cambium/base/error.h"
#include "cambium/base/hash.h"
#include "cambium/base/lines.h"
#include "cambium/base/progress.h"
#include "cambium/eval/tasks/answer_log.h"
#include "cambium/eval/tasks/answers.h"
#include "cambium/eval/tasks/measure.h"
#include "cambium/eval/tasks/sample.h"
#include "cambium/model/weights_hash.h"

namespace cambium::eval {
namespace {

using formats::Json;

void add(Hasher& hasher, std::span<const Request> requests) {
  for (const Request& request : requests) {
    hasher.update(format("{} {} {} {}|", static_cast<int>(request.kind), request.max_tokens, request.context.size(),
                         request.continuation.size()));
    hasher.update(request.context);
    hasher.update(request.continuation);
    for (const std::string& stop : request.until) {
      hasher.update(stop);
    }
  }
}

/// Says whether answers that lie on disk are those of this model and these requests.
std::string fingerprint(const Subject& subject, const std::string& weights, std::span<const Request> requests) {
  Hasher hasher;
  hasher.update(weights);
  hasher.update(subject.tokenizer.hash());
  hasher.update(format("{}", fmt::join(subject.route().order, ",")));
  add(hasher, requests);
  return hasher.hex();
}

/// What the answers of a model depend on, beside its layer order.
std::string model_hash(const model::Llama& model) {
  return hash_hex(format("{} {} {} {} {}", static_cast<int>(model.precision), model.config.max_position_embeddings,
                         model.config.rope_theta, model.config.rms_norm_eps, model::weights_hash(model.weights)));
}

using Known = std::vector<std::optional<Response>>;

std::vector<size_t> indices(const Known& known, bool answered) {
  std::vector<size_t> found;
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i].has_value() == answered) {
      found.push_back(i);
    }
  }
  return found;
}

/// Gives all ranks the answers that each of them has to `own` requests.
void share(Known& known, std::span<const size_t> own, dist::Group& group) {
  if (group.size() == 1) {
    return;
  }
  std::string lines;
  for (const size_t request : own) {
    lines += to_line(request, known[request].value());
  }
  for (const std::string& text : group.gather(lines)) {
    take_lines(text, [&](std::string_view line) {
      if (std::optional<AnswerLine> answer = parse_answer_line(line)) {
        known.at(answer->request) = std::move(answer->response);
      }
      return true;
    });
  }
}

/// The answers that are in no rank's log are shared out, neighbours to the same rank: they begin alike.
std::vector<Response> answers(Scorer& scorer, std::span<const Request> requests, AnswerLog* log,
                              const std::string& name, bool progress, dist::Group& group) {
  Known known = log == nullptr ? Known(requests.size()) : log->known();
  share(known, indices(known, /*answered=*/true), group);
  const std::vector<size_t> open = indices(known, /*answered=*/false);
  const dist::Partition::Range range = group.place().share(static_cast<int64_t>(open.size()));
  const auto mine = std::span(open).subspan(static_cast<size_t>(range.begin), static_cast<size_t>(range.length()));
  auto done = static_cast<int64_t>(requests.size() - open.size());
  std::vector<Request> own;
  for (const size_t request : mine) {
    own.push_back(requests[request]);
  }
  std::optional<Progress> shown;
  if (progress) {
    shown.emplace(name, done + range.length(), "requests");
  }
  scorer.answer(own, [&](size_t i, const Response& response) {
    known[mine[i]] = response;
    if (log != nullptr) {
      log->add(mine[i], response);
    }
    if (shown) {
      shown->update(++done);
    }
  });
  if (shown) {
    shown->finish();
  }
  share(known, mine, group);
  std::vector<Response> responses;
  for (std::optional<Response>& response : known) {
    responses.push_back(std::move(response.value()));
  }
  return responses;
}

}  // namespace

const MetricValue& TaskResult::primary() const {
  for (const MetricValue& metric : metrics) {
    if (!metric.key.starts_with("perplexity")) {
      return metric;
    }
  }
  return metrics.front();
}

double TaskResult::accuracy() const { return primary().value / (primary().key.starts_with("exact,") ? 100 : 1); }

/// A task with its questions, and all their requests one behind the other.
struct Evaluation::Exam {
  Exam(Task one, const EvalSettings& settings)
      : task(std::move(one)), num_fewshot(settings.num_fewshot.value_or(task.num_fewshot)) {
    if (task.kind == TaskKind::kRolling) {
      num_fewshot = 0;
    }
    questions = make_questions(task, settings.data, settings.limit, num_fewshot);
    for (const TaskQuestion& question : questions) {
      requests.insert(requests.end(), question.requests.begin(), question.requests.end());
    }
  }

  TaskResult graded(const std::vector<Response>& responses, int64_t bootstrap) const {
    TaskResult result;
    result.name = task.name;
    result.group = task.group;
    result.version = task.version;
    result.num_fewshot = num_fewshot;
    result.items = static_cast<int64_t>(questions.size());
    for (const AnswerFilter& filter : task.filters) {
      std::vector<Json> measured;
      size_t first = 0;
      for (size_t i = 0; i < questions.size(); ++i) {
        const TaskQuestion& question = questions[i];
        const auto own = std::span(responses).subspan(first, question.requests.size());
        first += question.requests.size();
        measured.push_back(measure(task, question, own, filter));
        result.samples.push_back(sample_line(task, question, own, filter, measured.back(), i));
      }
      for (MetricValue& value : aggregate(task, filter, measured, bootstrap)) {
        result.metrics.push_back(std::move(value));
      }
    }
    if (task.kind == TaskKind::kRolling) {
      result.profile = nll_profile(questions, responses);
    }
    return result;
  }

  Task task;
  int64_t num_fewshot;
  std::vector<TaskQuestion> questions;
  std::vector<Request> requests;
};

Evaluation::Evaluation(std::vector<Task> tasks, EvalSettings settings) : settings_(std::move(settings)) {
  for (Task& task : tasks) {
    exams_.emplace_back(std::move(task), settings_);
  }
}
Evaluation::Evaluation(Evaluation&&) noexcept = default;
Evaluation::~Evaluation() = default;

std::vector<TaskResult> Evaluation::run(const Subject& subject, dist::Group& group) const {
  Scorer scorer(subject, settings_.scorer);
  const bool keeps = !settings_.answers.empty();
  const std::string weights = keeps ? model_hash(subject.model) : "";
  std::vector<TaskResult> results;
  for (const Exam& exam : exams_) {
    const std::string& name = exam.task.name;
    std::optional<AnswerLog> log;
    if (keeps) {
      make_directories(settings_.answers);
      log.emplace(settings_.answers / (group.leads() ? name + ".jsonl" : format("{}.{}.jsonl", name, group.rank())),
                  fingerprint(subject, weights, exam.requests), exam.requests.size());
    }
    results.push_back(exam.graded(
        answers(scorer, exam.requests, log ? &*log : nullptr, name, settings_.progress, group), settings_.bootstrap));
  }
  return results;
}

void Evaluation::run(const Subject& subject, std::span<const model::Route> routes,
                     const std::function<void(size_t route, const TaskResult& result)>& answered) const {
  Scorer scorer(subject, settings_.scorer);
  for (const Exam& exam : exams_) {
    std::vector<std::vector<Response>> responses(routes.size(), std::vector<Response>(exam.requests.size()));
    scorer.answer(exam.requests, routes, [&](size_t route, size_t request, const Response& response) {
      responses[route][request] = response;
    });
    for (size_t route = 0; route < routes.size(); ++route) {
      answered(route, exam.graded(responses[route], settings_.bootstrap));
    }
  }
}

std::string Evaluation::hash() const {
  Hasher hasher;
  for (const Exam& exam : exams_) {
    hasher.update(format("{} {} {}|", exam.task.name, exam.task.version, exam.num_fewshot));
    for (const TaskQuestion& question : exam.questions) {
      hasher.update(question.example.document.dump());
    }
    add(hasher, exam.requests);
  }
  return hasher.hex();
}

std::vector<TaskResult> evaluate(const Subject& subject, std::vector<Task> tasks, const EvalSettings& settings,
                                 dist::Group& group) {
  return Evaluation(std::move(tasks), settings).run(subject, group);
}

}  // namespace cambium::eval
