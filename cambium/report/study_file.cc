#include "cambium/report/study_file.h"

#include "cambium/base/error.h"

namespace cambium::report {
using formats::Json;
using formats::JsonView;

StudyFile read_study_file(const std::filesystem::path& file) {
  const Json json = formats::read_json(file);
  if (!json.is_object()) {
    bad_input("{}: expected an object, found {}", file.string(), json.type_name());
  }
  const JsonView view(json, file.string());
  const auto text = [&](std::string_view key) { return view.has(key) ? view.string(key) : std::string(); };
  StudyFile study{.file = file,
                  .name = text("name"),
                  .question = text("question"),
                  .baseline = text("baseline"),
                  .runs = {},
                  .commands = {},
                  .machine = {}};
  for (const Json& entry : view.list("runs")) {
    const JsonView run(entry, file.string() + ": runs");
    study.runs.push_back({.directory = file.parent_path() / run.string("dir"),
                          .variant = run.string("variant"),
                          .seed = std::to_string(run.integer("seed", 0, INT64_MAX))});
  }
  if (view.has("commands")) {
    for (const Json& entry : view.list("commands")) {
      const JsonView command(entry, file.string() + ": commands");
      study.commands.push_back({.job = command.string("job"), .line = command.string("command")});
    }
  }
  if (view.has("machine")) {
    const JsonView machine = view.object("machine");
    for (const auto& [fact, value] : machine.value().items()) {
      study.machine.push_back({.job = fact, .line = machine.string(fact)});
    }
  }
  return study;
}

}  // namespace cambium::report
