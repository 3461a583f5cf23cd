#include "cambium/data/batch_documents.h"

#include "cambium/base/error.h"
#include "cambium/base/text.h"

namespace cambium::data {
namespace {

std::string valid_text(const std::string& text, const std::string& where, std::string_view of_what) {
  const size_t invalid = find_invalid_utf8(text);
  if (invalid != std::string::npos) bad_input("{}: byte offset {}{}: invalid UTF-8", where, invalid, of_what);
  return text;
}

}  // namespace

BadEntries for_each_document(const DocumentBatch& batch, const InputFile& file, const TextTemplate& text,
                             bool skip_bad_lines, const std::function<void(std::string)>& on_document) {
  BadEntries bad;
  if (batch.kind == InputFile::Kind::kText) {
    on_document(valid_text(batch.entries.front(), file.shown(), ""));
    return bad;
  }
  const bool rows = batch.kind == InputFile::Kind::kParquet;
  int64_t number = batch.first_line - 1;
  for (const std::string& entry : batch.entries) {
    ++number;
    if (!rows && entry.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::string document;
    try {
      const std::string where = format("{}:{}{}", file.shown(), rows ? " row " : "", number);
      document =
          rows ? valid_text(entry, where, " of the text") : text.from_json(formats::parse_json(entry, where), where);
    } catch (const InvalidInput& error) {
      if (!skip_bad_lines) throw;
      if (bad.count++ == 0) bad.first = error.what();
      continue;
    }
    on_document(std::move(document));
  }
  return bad;
}

}  // namespace cambium::data
