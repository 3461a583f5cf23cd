#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/formats/json.h"

namespace cambium::data {

/// How the fields of a record become the text of a document: one field as it is, or several with text between them.
class TextTemplate {
 public:
  /// The one field `key`, which must be a string.
  static TextTemplate field(std::string key);
  /// "{title}\n{text}": fields by their names in braces; {{ and }} stand for braces, \n, \t and \\ for a line break, a
  /// tab and a backslash. Throws InvalidInput, naming --text-template, for braces without their partner and for a
  /// template without any field.
  static TextTemplate parse(std::string_view text);

  /// The text of a JSON object. In a template numbers and booleans are written as JSON writes them and null is empty.
  /// Throws InvalidInput, beginning with `where`, for missing fields and other types.
  std::string from_json(formats::Json record, const std::string& where) const;
  /// The text of a row of a table: `values` are those of `fields()`, in their order; a missing value is empty.
  std::string from_row(std::span<const std::optional<std::string_view>> values) const;

  const std::vector<std::string>& fields() const { return fields_; }  ///< each once
  const std::string& source() const { return source_; }               ///< as the user wrote it

 private:
  struct Part {
    std::string text;  ///< before the field
    size_t field;      ///< index into fields_; none behind the last text
  };
  static constexpr size_t kNone = SIZE_MAX;
  size_t index_of(const std::string& field);

  std::string source_;
  bool single_ = false;
  std::vector<std::string> fields_;
  std::vector<Part> parts_;
};

}  // namespace cambium::data
