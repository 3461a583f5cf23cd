#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cambium/eval/tasks/task.h"

namespace cambium::eval {

/// What an answer filter leaves of a generated text.
std::string filtered_answer(const AnswerFilter& filter, std::string_view text);

/// 1 where the answer equals one of the targets after the metric's removals, else 0.
double exact_match(const Metric& metric, std::string_view answer, const std::vector<std::string>& targets);

struct EmF1 {
  double em = 0, f1 = 0;
};

/// SQuAD's comparison (Rajpurkar et al. 2016): lower case, no punctuation, no articles; F1 over words.
EmF1 squad_match(std::string_view answer, std::string_view target);
/// CoQA's (Reddy et al. 2019): with several references, the mean over leaving each of them out of the best match.
EmF1 squad_mean(std::string_view answer, const std::vector<std::string>& targets);
/// DROP's (Dua et al. 2019) for answers of one span: numbers by value, F1 over the sets of words, 0 where the target's
/// numbers are missing; the best over the targets.
EmF1 drop_best(std::string_view answer, const std::vector<std::string>& targets);

}  // namespace cambium::eval
