#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/formats/json.h"

namespace cambium::eval {

/// One item of a task's data and where it stood ("boolq.jsonl: line 3").
struct Document {
  formats::Json value;
  std::string place;
};

/// Where a task's items come from.
struct Source {
  std::string file;    ///< in the data folder; ".zst" and ".gz" behind it are found too
  std::string form;    ///< one of source_forms()
  std::string items;   ///< "json": key of the list, where it is not the whole file; "xml": name of an item's element
  std::string get;     ///< what the file is and where to get it
  std::string labels;  ///< a second file with one value a line, ...
  std::string label_field;  ///< ... which becomes this field
  std::string synth;        ///< "synth": name of the generated task, of which
  int64_t count = 0;        ///< so many held-out items are drawn
  uint64_t seed = 0;
};

/// "jsonl", "json", "hellaswag" (six lines an item: context, label, four endings), "squad" (questions of paragraphs of
/// articles, flattened), "coqa" (JSON lines whose `questions` and `answers` become a `dialogue`), "xml" (attributes and
/// child elements of an element), "lines", "synth".
const std::vector<std::string>& source_forms();

/// "DIR/x.jsonl: missing; expected ..., what to get and from where" where a file of the source is not there; else
/// nothing.
std::optional<std::string> missing_file(const Source& source, const std::filesystem::path& data);

/// All items in file order; at most `limit`. Throws InvalidInput for a missing file (with what to get and from where),
/// broken content (with its line) and a file without items.
std::vector<Document> read_source(const Source& source, const std::filesystem::path& data,
                                  std::optional<int64_t> limit);

}  // namespace cambium::eval
