#include "cambium/eval/tasks/sample.h"

#include "cambium/base/format.h"
#include "cambium/base/hash.h"
#include "cambium/eval/tasks/answers.h"
#include "cambium/eval/tasks/python_text.h"

namespace cambium::eval {
namespace {

using formats::Json;

/// A list of texts as Python prints it.
std::string python_repr(const std::vector<std::string>& entries) {
  std::string out = "[";
  for (const std::string& entry : entries) {
    const bool single = entry.find('\'') == std::string::npos || entry.find('"') != std::string::npos;
    const char quote = single ? '\'' : '"';
    out += out.size() > 1 ? ", " : "";
    out.push_back(quote);
    for (const char c : entry) {
      if (c == '\\' || c == quote) {
        out.push_back('\\');
      }
      out += c == '\n' ? "\\n" : std::string(1, c);
    }
    out.push_back(quote);
  }
  return out + "]";
}

std::string target_of(const Task& task, const Example& example) {
  if (task.kind == TaskKind::kMultipleChoice && example.contexts.empty()) {
    std::vector<std::string> indices;
    for (const int64_t gold : example.gold) {
      indices.push_back(std::to_string(gold));
    }
    return task.every_choice_right ? format("[{}]", fmt::join(indices, ", ")) : indices.front();
  }
  return example.targets.size() == 1 ? example.targets.front() : python_repr(example.targets);
}

Json argument_of(const Request& request) {
  switch (request.kind) {
    case Request::Kind::kLogLikelihood:
      return {{"arg_0", request.context}, {"arg_1", request.continuation}};
    case Request::Kind::kRolling:
      return {{"arg_0", request.continuation}};
    case Request::Kind::kGenerate:
      break;
  }
  const Json generation{
      {"until", request.until}, {"do_sample", false}, {"temperature", 0.0}, {"max_gen_toks", request.max_tokens}};
  return {{"arg_0", request.context}, {"arg_1", generation}};
}

Json response_of(const Request& request, const Response& response) {
  if (request.kind == Request::Kind::kGenerate) {
    return response.text;
  }
  const std::string likelihood = number_text(response.log_likelihood);
  if (request.kind == Request::Kind::kRolling) {
    return likelihood;
  }
  return Json::array({likelihood, response.greedy ? "True" : "False"});
}

}  // namespace

Json sample_line(const Task& task, const TaskQuestion& question, std::span<const Response> responses,
                 const AnswerFilter& filter, const Json& measured, size_t index) {
  const std::string target = target_of(task, question.example);
  Json arguments = Json::object(), raw = Json::array(), filtered = Json::array(), names = Json::array();
  for (size_t i = 0; i < responses.size(); ++i) {
    const Request& request = question.requests[i];
    arguments[format("gen_args_{}", i)] = argument_of(request);
    const Json response = response_of(request, responses[i]);
    raw.push_back(Json::array({response}));
    filtered.push_back(request.kind == Request::Kind::kGenerate ? Json(filtered_answer(filter, responses[i].text))
                                                                : response);
  }
  for (auto it = measured.begin(); it != measured.end(); ++it) {
    names.push_back(it.key());
  }
  Json line{{"doc_id", index},
            {"doc", question.example.document},
            {"target", target},
            {"arguments", arguments},
            {"resps", raw},
            {"filtered_resps", filtered},
            {"filter", filter.name},
            {"metrics", names},
            {"doc_hash", hash_hex(question.example.document.dump())},
            {"prompt_hash", hash_hex(question.requests.front().context)},
            {"target_hash", hash_hex(target)}};
  line.update(measured);
  return line;
}

}  // namespace cambium::eval
