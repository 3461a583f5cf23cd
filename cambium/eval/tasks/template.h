#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cambium/formats/json.h"

namespace cambium::eval {

/// Text with fields of a document in it: "Question: {question|strip}\nAnswer:". `{a.b.0}` walks into objects and
/// lists, and over a list of objects that all have the field; `{{` and `}}` stand for braces. Behind the field come
/// filters, left to right, each with its argument behind a colon; those that take a text are applied to every entry of
/// a list.
///
///   strip, lstrip, rstrip     without white space around, in front, behind
///   lower, capitalize         as Python's methods
///   after:X, before:X         what stands behind or in front of the first X, all of it where there is none
///   after_last:X, before_last:X     the same for the last X
///   without_end:X             without X at the end
///   replace:X=>Y              every X replaced by Y
///   number                    a number, without ".0" where it is whole
///   join:X, split:X           list to text, text to list
///   bars                      the parts of a text between bars ("a|b"), a list
///   first, last, sort         of a list
///   python_list               a list of strings written in Python ("['a', 'b']"); other text is a list of its own
///   minimal                   a sorted list without entries that begin with another
class Template {
 public:
  /// `what`: file, line and key, for messages. Throws InvalidInput for a pattern that is not one.
  Template(std::string_view pattern, std::string what);

  /// A pattern that is one field gives its value as it is (a list, say); any other gives text. Throws InvalidInput
  /// for a field that the document lacks, naming those that it has and `place`.
  formats::Json value(const formats::Json& document, std::string_view place) const;
  std::string text(const formats::Json& document, std::string_view place) const;

 private:
  struct Filter {
    std::string name, argument;
  };
  struct Part {
    std::string literal;
    std::vector<std::string> path;  ///< empty: only the literal
    std::vector<Filter> filters;
  };
  Part parse_field(std::string_view inside) const;
  formats::Json part_value(const Part& part, const formats::Json& document, std::string_view place) const;
  formats::Json filtered(const Filter& filter, const formats::Json& value, std::string_view place) const;

  std::string what_;
  std::vector<Part> parts_;
};

/// A value as it stands in a prompt: text as it is, numbers as Python prints them.
std::string plain_text(const formats::Json& value);

}  // namespace cambium::eval
