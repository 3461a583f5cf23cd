#include "cambium/data/synth/templates.h"

#include <algorithm>
#include <initializer_list>

#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/formats/toml_table.h"

namespace cambium::data {
namespace {

using formats::TomlTable;

constexpr int kLetters = 26;  // names of variables

/// The wording under `key`, in which each of `blanks` stands and no other.
void read_wording(TomlTable& table, std::string_view key, std::initializer_list<std::string_view> blanks,
                  std::string& wording) {
  const auto text = table.text(key);
  if (!text) return;
  std::string rest = *text;
  for (const std::string_view blank : blanks) {
    const std::string braced = format("{{{}}}", blank);
    const size_t at = rest.find(braced);
    if (at == std::string::npos) table.fail(key, format("a text with {}", braced));
    for (size_t i = at; i != std::string::npos; i = rest.find(braced)) rest.erase(i, braced.size());
  }
  if (rest.find_first_of("{}") != std::string::npos) {
    std::vector<std::string> names;
    for (const std::string_view blank : blanks) names.push_back(format("{{{}}}", blank));
    table.fail(key, names.empty() ? "a text without braces" : format("no other braces than {}", join(names, ", ")));
  }
  wording = *text;
}

void read_size(TomlTable& table, std::string_view key, int most, int& size) {
  const auto value = table.integer(key, 1);
  if (value && *value > most) table.fail(key, format("at most {}", most));
  size = static_cast<int>(value.value_or(size));
}

std::vector<std::string> read_forms(TomlTable& table, const PrimitiveTemplates& templates,
                                    const std::vector<std::string>& otherwise) {
  if (!table.has("forms")) return otherwise;
  const std::vector<std::string> names = table.texts("forms");
  for (const std::string& name : names) {
    if (std::none_of(templates.forms.begin(), templates.forms.end(), [&](const auto& f) { return f.name == name; })) {
      table.fail("forms", format("names of forms; there is no [form.{}]", name));
    }
  }
  return names;
}

void read_form(TomlTable table, const std::string& name, PrimitiveTemplates& templates) {
  auto form =
      std::find_if(templates.forms.begin(), templates.forms.end(), [&](const auto& f) { return f.name == name; });
  if (form == templates.forms.end()) {
    table.need_text("question");
    table.need_text("answer");
    form = templates.forms.insert(form, {name, "", "", ""});
  }
  read_wording(table, "head", {}, form->head);
  read_wording(table, "question", {"name"}, form->question);
  read_wording(table, "answer", {"value"}, form->answer);
  table.finish();
}

void read_copy(TomlTable table, PrimitiveTemplates& templates) {
  read_wording(table, "text", {"words", "again"}, templates.copy_text);
  read_wording(table, "answer", {"word"}, templates.copy_answer);
  read_size(table, "words", 100, templates.copy_words);
  table.finish();
}

void read_assignment(TomlTable table, PrimitiveTemplates& templates) {
  templates.assignment_forms = read_forms(table, templates, templates.assignment_forms);
  read_size(table, "variables_per_depth", kLetters, templates.variables_per_depth);
  read_size(table, "largest_number", 1'000'000, templates.largest_number);
  if (const auto deepest = table.integer("deepest", 0)) {
    templates.assignment_depths.clear();
    for (int depth = 0; depth <= static_cast<int>(std::min<int64_t>(*deepest, kLetters)); ++depth) {
      templates.assignment_depths.push_back(depth);
    }
  }
  const auto levels = static_cast<int>(templates.assignment_depths.size());
  if (levels * templates.variables_per_depth > kLetters) {
    table.fail("deepest",
               format("at most {} letters for {} variables at each depth", kLetters, templates.variables_per_depth));
  }
  if (templates.largest_number < templates.variables_per_depth) {
    table.fail("largest_number", format("at least {}: the numbers of a depth differ", templates.variables_per_depth));
  }
  table.finish();
}

std::string list_of(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const std::string& name : names) all.push_back(formats::toml_string(name));
  return "[" + join(all, ", ") + "]";
}

}  // namespace

const PrimitiveForm& PrimitiveTemplates::form(std::string_view name) const {
  const auto found = std::find_if(forms.begin(), forms.end(), [&](const PrimitiveForm& f) { return f.name == name; });
  if (found == forms.end()) throw InvalidArgument(format("no form `{}`", name));
  return *found;
}

const PrimitiveTemplates& published_templates() {
  static const PrimitiveTemplates published;
  return published;
}

PrimitiveTemplates parse_templates(std::string_view toml, const std::string& file) {
  const toml::table parsed = formats::parse_toml(toml, file);
  TomlTable top(parsed, file, "");
  PrimitiveTemplates templates;
  if (auto forms = top.table("form")) {
    for (const auto& [name, unused] : forms->raw()) {
      if (const auto form = forms->table(name.str())) read_form(*form, std::string(name.str()), templates);
    }
  }
  if (const auto copy = top.table("copy")) read_copy(*copy, templates);
  if (const auto assignment = top.table("variable_assignment")) read_assignment(*assignment, templates);
  if (auto math = top.table("pre_school_math")) {
    templates.school_math_forms = read_forms(*math, templates, templates.school_math_forms);
    math->finish();
  }
  top.finish();
  return templates;
}

std::string to_toml(const PrimitiveTemplates& t) {
  std::string text = format("[copy]\nwords = {}\ntext = {}\nanswer = {}\n", t.copy_words,
                            formats::toml_string(t.copy_text), formats::toml_string(t.copy_answer));
  text += format("\n[variable_assignment]\ndeepest = {}\nforms = {}\nvariables_per_depth = {}\nlargest_number = {}\n",
                 t.assignment_depths.back(), list_of(t.assignment_forms), t.variables_per_depth, t.largest_number);
  text += format("\n[pre_school_math]\nforms = {}\n", list_of(t.school_math_forms));
  for (const PrimitiveForm& form : t.forms) {
    text += format("\n[form.{}]\nhead = {}\nquestion = {}\nanswer = {}\n", form.name, formats::toml_string(form.head),
                   formats::toml_string(form.question), formats::toml_string(form.answer));
  }
  return text;
}

}  // namespace cambium::data
