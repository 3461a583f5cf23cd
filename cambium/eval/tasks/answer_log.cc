#include "cambium/eval/tasks/answer_log.h"

#include <cmath>
#include <limits>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/format.h"
#include "cambium/base/lines.h"
#include "cambium/formats/json.h"

namespace cambium::eval {
namespace fs = std::filesystem;
using formats::Json;

namespace {

/// JSON has no NaN and no infinity: a model that diverged gives them all the same.
Json as_json(double value) { return std::isfinite(value) ? Json(value) : Json(format("{}", value)); }

std::optional<double> as_number(const Json& value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (value.is_number()) {
    return value.get<double>();
  }
  if (value == "inf" || value == "-inf") {
    return value == "inf" ? kInfinity : -kInfinity;
  }
  return value == "nan" || value == "-nan" ? std::optional(std::numeric_limits<double>::quiet_NaN()) : std::nullopt;
}

}  // namespace

std::string to_line(size_t request, const Response& response) {
  Json log_probs = Json::array();
  for (const float log_prob : response.token_log_probs) {
    log_probs.push_back(as_json(log_prob));
  }
  return Json{{"request", request},
              {"log_likelihood", as_json(response.log_likelihood)},
              {"greedy", response.greedy},
              {"text", response.text},
              {"token_log_probs", std::move(log_probs)},
              {"token_contexts", response.token_contexts}}
             .dump() +
         "\n";
}

std::optional<AnswerLine> parse_answer_line(std::string_view text) {
  try {
    const Json json = formats::parse_json(text, "answer");
    const formats::JsonView line(json, "answer");
    const std::optional<double> log_likelihood = as_number(line.at("log_likelihood"));
    if (!log_likelihood) {
      return std::nullopt;
    }
    Response response{.log_likelihood = *log_likelihood,
                      .greedy = line.boolean("greedy"),
                      .text = line.string("text"),
                      .token_log_probs = {},
                      .token_contexts = {}};
    for (const Json& entry : line.list("token_log_probs")) {
      const std::optional<double> log_prob = as_number(entry);
      if (!log_prob) {
        return std::nullopt;
      }
      response.token_log_probs.push_back(static_cast<float>(*log_prob));
    }
    const std::vector<int64_t> contexts = line.integers("token_contexts", 0, INT32_MAX);
    response.token_contexts.assign(contexts.begin(), contexts.end());
    return AnswerLine{.request = static_cast<size_t>(line.integer("request", 0, INT64_MAX)), .response = response};
  } catch (const InvalidInput&) {
    return std::nullopt;
  }
}

AnswerLog::AnswerLog(fs::path path, const std::string& fingerprint, size_t requests) : known_(requests) {
  const std::string head = Json{{"fingerprint", fingerprint}}.dump() + "\n";
  size_t whole = 0;
  if (fs::exists(path)) {
    const std::string content = read_file(path);
    if (content.starts_with(head)) {
      whole = head.size() + take_lines(std::string_view(content).substr(head.size()), [&](std::string_view text) {
                const auto line = parse_answer_line(text);
                const bool fits = line && line->request < requests;
                if (fits) {
                  known_[line->request] = line->response;
                }
                return fits;
              });
      fs::resize_file(path, whole);
    }
  }
  file_.emplace(path, whole > 0 ? FileWriter::Mode::kAppend : FileWriter::Mode::kTruncate);
  if (whole == 0) {
    file_->write(head);
  }
}

void AnswerLog::add(size_t request, const Response& response) {
  file_->write(to_line(request, response));
  file_->flush();
}

}  // namespace cambium::eval
