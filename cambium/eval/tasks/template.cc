#include "cambium/eval/tasks/template.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/eval/tasks/python_text.h"

namespace cambium::eval {
namespace {

using formats::Json;

constexpr std::array<std::string_view, 20> kFilters{"strip",   "lstrip", "rstrip",      "lower",       "capitalize",
                                                    "after",   "before", "after_last",  "before_last", "without_end",
                                                    "replace", "number", "join",        "split",       "first",
                                                    "last",    "sort",   "python_list", "minimal",     "bars"};

bool is_filter(std::string_view name) { return std::find(kFilters.begin(), kFilters.end(), name) != kFilters.end(); }

std::string text_filter(std::string_view name, const std::string& argument, std::string_view text) {
  const auto cut = [&](size_t at, bool behind) {
    if (at == std::string_view::npos) {
      return std::string(text);
    }
    return std::string(behind ? text.substr(at + argument.size()) : text.substr(0, at));
  };
  if (name == "strip") return std::string(stripped(text));
  if (name == "lstrip") return std::string(left_stripped(text));
  if (name == "rstrip") return std::string(right_stripped(text));
  if (name == "lower") return lowered(text);
  if (name == "capitalize") return capitalized(text);
  if (name == "after") return cut(text.find(argument), true);
  if (name == "before") return cut(text.find(argument), false);
  if (name == "after_last") return cut(text.rfind(argument), true);
  if (name == "before_last") return cut(text.rfind(argument), false);
  if (name == "without_end") {
    return std::string(text.ends_with(argument) ? text.substr(0, text.size() - argument.size()) : text);
  }
  const size_t arrow = argument.find("=>");  // replace
  return replaced(text, argument.substr(0, arrow), argument.substr(arrow + 2));
}

/// The strings of a list as Python writes it. Anything that does not begin like a list is one string.
Json python_list(const std::string& text) {
  Json list = Json::array();
  if (!text.starts_with('[')) {
    list.push_back(text);
    return list;
  }
  for (size_t at = 1; at < text.size(); ++at) {
    const char quote = text[at];
    if (quote != '\'' && quote != '"') {
      continue;
    }
    std::string entry;
    for (++at; at < text.size() && text[at] != quote; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) {
        ++at;
        entry.push_back(text[at] == 'n' ? '\n' : text[at] == 't' ? '\t' : text[at]);
      } else {
        entry.push_back(text[at]);
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json minimal(std::vector<std::string> entries) {
  std::sort(entries.begin(), entries.end());
  Json kept = Json::array();
  for (std::string& entry : entries) {
    if (kept.empty() || !entry.starts_with(kept.back().get_ref<const std::string&>())) {
      kept.push_back(std::move(entry));
    }
  }
  return kept;
}

Json split(const std::string& text, const std::string& separator) {
  Json parts = Json::array();
  size_t at = 0;
  for (size_t found; (found = text.find(separator, at)) != std::string::npos; at = found + separator.size()) {
    parts.push_back(text.substr(at, found - at));
  }
  parts.push_back(text.substr(at));
  return parts;
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& entry : list) {
    texts.push_back(plain_text(entry));
  }
  return texts;
}

}  // namespace

std::string plain_text(const Json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_number_float()) {
    return number_text(value.get<double>());
  }
  if (value.is_boolean()) {
    return value.get<bool>() ? "True" : "False";
  }
  return value.dump();
}

Template::Template(std::string_view pattern, std::string what) : what_(std::move(what)) {
  Part part;
  for (size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    const bool twice = at + 1 < pattern.size() && pattern[at + 1] == c;
    if ((c == '{' || c == '}') && twice) {
      part.literal.push_back(c);
      ++at;
    } else if (c == '{') {
      const size_t end = pattern.find('}', at);
      if (end == std::string_view::npos) {
        bad_input("{}: character {}: expected `}}` for this `{{`", what_, at);
      }
      Part field = parse_field(pattern.substr(at + 1, end - at - 1));
      field.literal = std::move(part.literal);
      parts_.push_back(std::move(field));
      part = {};
      at = end;
    } else if (c == '}') {
      bad_input("{}: character {}: found `}}` without its `{{` (`}}}}` stands for one)", what_, at);
    } else {
      part.literal.push_back(c);
    }
  }
  if (!part.literal.empty()) {
    parts_.push_back(std::move(part));
  }
}

Template::Part Template::parse_field(std::string_view inside) const {
  const Json pieces = split(std::string(inside), "|");
  Part part;
  part.path = texts_of(split(pieces[0].get<std::string>(), "."));
  if (pieces[0].get_ref<const std::string&>().empty()) {
    bad_input("{}: found `{{{}}}`: expected a field's name", what_, inside);
  }
  for (size_t i = 1; i < pieces.size(); ++i) {
    const std::string piece = pieces[i].get<std::string>();
    const size_t colon = piece.find(':');
    Filter filter{piece.substr(0, colon), colon == std::string::npos ? "" : piece.substr(colon + 1)};
    if (!is_filter(filter.name)) {
      std::vector<std::string> known(kFilters.begin(), kFilters.end());
      bad_input("{}: unknown filter `{}`{}; there are {}", what_, filter.name, did_you_mean(filter.name, known),
                join(known, ", "));
    }
    if (filter.name == "replace" && (filter.argument.find("=>") == std::string::npos || filter.argument[0] == '=')) {
      bad_input("{}: filter `replace`: expected FROM=>TO, found `{}`", what_, filter.argument);
    }
    part.filters.push_back(std::move(filter));
  }
  return part;
}

Json Template::filtered(const Filter& filter, const Json& value, std::string_view place) const {
  const std::string& name = filter.name;
  const auto list = [&] {
    if (!value.is_array() || value.empty()) {
      bad_input("{}: filter `{}`: expected a list that is not empty ({}), found {}", what_, name, place, value.dump());
    }
  };
  if (name == "join" || name == "sort" || name == "minimal" || name == "first" || name == "last") {
    list();
  }
  if (name == "join") return join(texts_of(value), filter.argument);
  if (name == "first") return value.front();
  if (name == "last") return value.back();
  if (name == "minimal") return minimal(texts_of(value));
  if (name == "sort") {
    Json sorted = value;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  if (value.is_array()) {
    Json each = Json::array();
    for (const Json& entry : value) {
      each.push_back(filtered(filter, entry, place));
    }
    return each;
  }
  if (name == "number") {
    double number = 0;
    if (value.is_number()) {
      number = value.get<double>();
    } else if (!value.is_string() || !is_number(value.get_ref<const std::string&>(), &number)) {
      bad_input("{}: filter `number`: expected a number ({}), found {}", what_, place, value.dump());
    }
    return number == std::floor(number) && std::abs(number) < 1e15 ? format("{}", static_cast<int64_t>(number))
                                                                   : number_text(number);
  }
  const std::string text = plain_text(value);
  if (name == "python_list") return python_list(text);
  if (name == "bars") return split(text, "|");
  if (name == "split") return filter.argument.empty() ? Json(split_words(text)) : split(text, filter.argument);
  return text_filter(name, filter.argument, text);
}

Json Template::part_value(const Part& part, const Json& document, std::string_view place) const {
  const Json* value = &document;
  Json gathered;  // keeps the list that a step over a list of objects made
  for (const std::string& step : part.path) {
    const bool index = value->is_array() && !step.empty() &&
                       step.find_first_not_of("0123456789") == std::string::npos && step.size() < 9 &&
                       std::stoul(step) < value->size();
    const auto has_step = [&](const Json& entry) { return entry.is_object() && entry.contains(step); };
    if (value->is_array() && !value->empty() && std::all_of(value->begin(), value->end(), has_step)) {
      Json list = Json::array();
      for (const Json& entry : *value) {
        list.push_back(entry[step]);
      }
      gathered = std::move(list);
      value = &gathered;
    } else if (has_step(*value)) {
      value = &(*value)[step];
    } else if (index) {
      value = &(*value)[std::stoul(step)];
    } else {
      std::vector<std::string> has;
      for (auto it = document.begin(); document.is_object() && it != document.end(); ++it) {
        has.push_back(it.key());
      }
      bad_input("{}: unknown field `{}` ({}, which has {})", what_, join(part.path, "."), place, join(has, ", "));
    }
  }
  Json result = *value;
  for (const Filter& filter : part.filters) {
    result = filtered(filter, result, place);
  }
  return result;
}

Json Template::value(const Json& document, std::string_view place) const {
  if (parts_.size() == 1 && parts_[0].literal.empty()) {
    return part_value(parts_[0], document, place);
  }
  return text(document, place);
}

std::string Template::text(const Json& document, std::string_view place) const {
  std::string out;
  for (const Part& part : parts_) {
    out += part.literal;
    if (!part.path.empty()) {
      out += plain_text(part_value(part, document, place));
    }
  }
  return out;
}

}  // namespace cambium::eval
