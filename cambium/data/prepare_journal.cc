#include "cambium/data/prepare_journal.h"

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/log.h"

namespace cambium::data {
namespace fs = std::filesystem;
using formats::Json;
using formats::JsonView;
namespace {

fs::path beside(const fs::path& target, const char* what) {
  const fs::path named = target.has_filename() ? target : target.parent_path();
  return named.parent_path() / ("." + named.filename().string() + what);
}

}  // namespace

PrepareJournal::PrepareJournal(const fs::path& target, std::string settings)
    : file_(beside(target, ".progress.json")), seen_(beside(target, ".seen")), settings_(std::move(settings)) {}

std::optional<PrepareJournal::Entry> PrepareJournal::read() const {
  std::error_code ignored;
  if (!fs::exists(file_, ignored)) return std::nullopt;
  try {
    const Json json = formats::read_json(file_);
    const JsonView view(json, file_.string());
    if (view.string("settings") != settings_) {
      log_info(format("{}: of other inputs or settings; starting anew", file_.string()));
      return std::nullopt;
    }
    Entry entry{.position = InputPosition::from_json(view.object("position")),
                .writer = view.at("writer"),
                .inputs = {},
                .seen_documents = view.integer("seen_documents", 0, INT64_MAX),
                .first_fault = view.string("first_fault")};
    for (const Json& input : view.at("inputs")) {
      entry.inputs.push_back(input_from_json(JsonView(input, view.what())));
    }
    return entry;
  } catch (const InvalidInput& error) {
    log_warning(format("{}; starting anew", error.what()));
    return std::nullopt;
  }
}

void PrepareJournal::write(const Entry& entry) const {
  Json inputs = Json::array();
  for (const InputInfo& input : entry.inputs) inputs.push_back(to_json(input));
  write_file_atomic(file_, Json{{"settings", settings_},
                                {"position", entry.position.to_json()},
                                {"writer", entry.writer},
                                {"inputs", inputs},
                                {"seen_documents", entry.seen_documents},
                                {"first_fault", entry.first_fault}}
                               .dump());
}

void PrepareJournal::remove() const {
  std::error_code ignored;
  fs::remove(file_, ignored);
  fs::remove(seen_, ignored);
}

}  // namespace cambium::data
