#include "cambium/eval/answer_log.h"

#include "cambium/base/error.h"
#include "cambium/formats/json.h"

namespace cambium::eval {
namespace fs = std::filesystem;
using formats::Json;

std::string to_line(size_t request, const Response& response) {
  return Json{{"request", request},
              {"log_likelihood", response.log_likelihood},
              {"greedy", response.greedy},
              {"text", response.text},
              {"token_log_probs", response.token_log_probs},
              {"token_contexts", response.token_contexts}}
             .dump() +
         "\n";
}

std::optional<AnswerLine> parse_answer_line(std::string_view text) {
  try {
    const Json line = Json::parse(text);
    return AnswerLine{.request = line.at("request").get<size_t>(),
                      .response = {.log_likelihood = line.at("log_likelihood").get<double>(),
                                   .greedy = line.at("greedy").get<bool>(),
                                   .text = line.at("text").get<std::string>(),
                                   .token_log_probs = line.at("token_log_probs"),
                                   .token_contexts = line.at("token_contexts")}};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

AnswerLog::AnswerLog(fs::path path, const std::string& fingerprint, size_t requests) : known_(requests) {
  const std::string head = Json{{"fingerprint", fingerprint}}.dump() + "\n";
  size_t whole = 0;
  if (fs::exists(path)) {
    const std::string content = read_file(path);
    if (content.starts_with(head)) {
      whole = head.size();
      for (size_t end; (end = content.find('\n', whole)) != std::string::npos; whole = end + 1) {
        const auto line = parse_answer_line(std::string_view(content).substr(whole, end - whole));
        if (!line || line->request >= requests) {
          break;
        }
        known_[line->request] = line->response;
      }
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
