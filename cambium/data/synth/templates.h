#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cambium::data {

/// The wording of a fill-in task: head, one line a variable, then a question. "{name}" stands for the variable that is
/// asked for, "{value}" for its number.
struct PrimitiveForm {
  std::string name;
  std::string head;
  std::string question;
  std::string answer;
};

/// Wording and sizes of the reasoning primitives: those of Saunshi et al. 2024, as far as they are published, unless a
/// file says otherwise.
struct PrimitiveTemplates {
  std::string copy_text = "Fill in the blank:\n\n{words} {again} ___. ->";  ///< all words; all but the last
  std::string copy_answer = " {word}";
  int copy_words = 10;
  std::vector<PrimitiveForm> forms = {
      {"basic", "Fill in blank:\n\n", "{name}=___. ->", " {value}"},
      {"math", "The following is a set of simple mathematical equations.\n\n",
       "\nWhat is the numerical value of {name}?\n\nAnswer:", " {value}"},
      {"code",
       "The following is a very short Python program. Use the program to resolve the value of the variable in the "
       "question.\n\nProgram:\n",
       "\nQuestion:\nWhat is the value of {name}?\n\nAnswer:", "\n{value}"},
  };
  std::vector<int> assignment_depths = {0, 1, 2};  ///< pointers to follow
  std::vector<std::string> assignment_forms = {"basic", "math", "code"};
  int variables_per_depth = 5;
  std::vector<std::string> school_math_forms = {"basic", "math"};
  int largest_number = 25;

  /// Throws InvalidArgument for a name that no form has.
  const PrimitiveForm& form(std::string_view name) const;
};

const PrimitiveTemplates& published_templates();

/// Reads what `to_toml` writes; what is left out stays as published, and any form may be added. Throws InvalidInput
/// with file, line and key for what is wrong, a blank that a wording lacks or that nobody fills included.
PrimitiveTemplates parse_templates(std::string_view toml, const std::string& file);

std::string to_toml(const PrimitiveTemplates& templates);

}  // namespace cambium::data
