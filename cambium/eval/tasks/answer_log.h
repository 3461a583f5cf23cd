#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/files.h"
#include "cambium/eval/tasks/request.h"

namespace cambium::eval {

/// An answer as a line of JSON, and back; nothing where it is not such a line.
std::string to_line(size_t request, const Response& response);
struct AnswerLine {
  size_t request;
  Response response;
};
std::optional<AnswerLine> parse_answer_line(std::string_view line);

/// Finished answers of one task, a line each, so that a killed evaluation goes on where it was.
class AnswerLog {
 public:
  /// Opens `path`. What it holds counts where it was written for the same `fingerprint` (of model, settings and
  /// requests); a last line that a kill cut off is dropped, anything else starts anew.
  AnswerLog(std::filesystem::path path, const std::string& fingerprint, size_t requests);

  const std::vector<std::optional<Response>>& known() const { return known_; }
  void add(size_t request, const Response& response);

 private:
  std::vector<std::optional<Response>> known_;
  std::optional<FileWriter> file_;
};

}  // namespace cambium::eval
