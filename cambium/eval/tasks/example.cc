#include "cambium/eval/tasks/example.h"

#include "cambium/base/error.h"
#include "cambium/eval/tasks/python_random.h"

namespace cambium::eval {
namespace {

using formats::Json;

constexpr uint32_t kFewshotSeed = 1234;

/// The texts of templates, those that give a list contributing all of it.
std::vector<std::string> texts(const std::vector<Template>& templates, const Json& fields, const std::string& place) {
  std::vector<std::string> result;
  for (const Template& pattern : templates) {
    const Json value = pattern.value(fields, place);
    if (value.is_array()) {
      for (const Json& entry : value) {
        result.push_back(plain_text(entry));
      }
    } else {
      result.push_back(plain_text(value));
    }
  }
  return result;
}

std::vector<int64_t> gold_of(const Task& task, const Json& fields, const std::string& place, size_t choices) {
  std::vector<int64_t> gold;
  if (task.every_choice_right) {
    for (size_t i = 0; i < choices; ++i) {
      gold.push_back(static_cast<int64_t>(i));
    }
    return gold;
  }
  const Json value = task.gold->value(fields, place);
  const std::string text = plain_text(value);
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos ||
      std::stoul(text) >= choices) {
    bad_input("{}: the index of the right choice: expected 0 to {}, found {}", place, choices - 1, value.dump());
  }
  gold.push_back(std::stol(text));
  return gold;
}

/// Prompt and answer of a few-shot example, as they stand in front of a question.
std::string shown(const Task& task, const Example& example) {
  std::string prompt = example.prompt, answer;
  if (!example.contexts.empty()) {
    prompt = example.contexts[static_cast<size_t>(example.gold.front())];
  }
  if (task.kind == TaskKind::kMultipleChoice && example.contexts.empty()) {
    answer = example.choices[static_cast<size_t>(example.gold.front())];
  } else {
    answer = example.targets.front();
  }
  return prompt + (answer.empty() ? "" : task.target_delimiter + answer + task.fewshot_delimiter);
}

Request scored(std::string context, std::string continuation) {
  Request request;
  request.context = std::move(context);
  request.continuation = std::move(continuation);
  return request;
}

std::vector<Request> requests_of(const Task& task, const Example& example, const std::string& before) {
  const std::string context = before + example.prompt;
  std::vector<Request> requests;
  Request generate;
  generate.kind = Request::Kind::kGenerate;
  generate.context = context;
  generate.until = task.until;
  generate.max_tokens = task.max_tokens;
  switch (task.kind) {
    case TaskKind::kLogLikelihood:
      requests.push_back(scored(context, task.target_delimiter + example.targets.front()));
      break;
    case TaskKind::kMultipleChoice:
      for (const std::string& choice : example.choices) {
        requests.push_back(scored(context, task.target_delimiter + choice));
      }
      for (const std::string& own : example.contexts) {
        requests.push_back(scored(before + own, task.target_delimiter + example.targets.front()));
      }
      break;
    case TaskKind::kGenerate:
      requests.push_back(std::move(generate));
      break;
    case TaskKind::kSquad:
      requests.push_back(std::move(generate));
      requests.push_back(scored(context, " unanswerable"));
      break;
    case TaskKind::kRolling:
      requests.push_back(scored("", example.targets.front()));
      requests.back().kind = Request::Kind::kRolling;
      break;
  }
  return requests;
}

}  // namespace

Example make_example(const Task& task, const Document& document) {
  Json fields = document.value;
  for (const auto& [name, pattern] : task.fields) {
    fields[name] = pattern.value(fields, document.place);
  }
  Example example;
  example.document = document.value;
  example.prompt = task.text ? task.text->text(fields, document.place) : "";
  example.targets = texts(task.targets, fields, document.place);
  example.choices = texts(task.choices, fields, document.place);
  example.contexts = texts(task.contexts, fields, document.place);
  const size_t choices = std::max(example.choices.size(), example.contexts.size());
  if (task.kind == TaskKind::kMultipleChoice) {
    if (choices == 0) {
      bad_input("{}: expected at least one choice, found none", document.place);
    }
    example.gold = gold_of(task, fields, document.place, choices);
  }
  return example;
}

std::vector<TaskQuestion> make_questions(const Task& task, const std::filesystem::path& data,
                                         std::optional<int64_t> limit, int64_t num_fewshot) {
  const bool own = num_fewshot > 0 && !task.fewshot_source;  // examples come from the items themselves
  std::vector<Document> documents = read_source(task.source, data, own ? std::nullopt : limit);
  std::vector<std::string> examples;
  if (num_fewshot > 0) {
    const auto all = own ? documents : read_source(*task.fewshot_source, data, std::nullopt);
    for (const Document& document : all) {
      examples.push_back(shown(task, make_example(task, document)));
    }
    const auto need = static_cast<size_t>(num_fewshot) + (own ? 1 : 0);
    if (examples.size() < need) {
      bad_input("{}: {} few-shot examples need {} items, found {}", task.name, num_fewshot, need, examples.size());
    }
  }
  if (limit && static_cast<int64_t>(documents.size()) > *limit) {
    documents.resize(static_cast<size_t>(*limit));
  }
  PythonRandom random(kFewshotSeed);
  std::vector<TaskQuestion> questions;
  for (size_t i = 0; i < documents.size(); ++i) {
    std::string before = task.description;
    if (num_fewshot > 0) {
      int64_t shots = 0;
      const int64_t draws = num_fewshot + (own ? 1 : 0);
      for (const uint32_t drawn : random.sample(static_cast<uint32_t>(examples.size()), static_cast<uint32_t>(draws))) {
        if (shots < num_fewshot && !(own && drawn == i)) {
          before += examples[drawn];
          ++shots;
        }
      }
    }
    TaskQuestion question{make_example(task, documents[i]), {}};
    question.requests = requests_of(task, question.example, before);
    questions.push_back(std::move(question));
  }
  return questions;
}

}  // namespace cambium::eval
