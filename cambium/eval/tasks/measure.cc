#include "cambium/eval/tasks/measure.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "cambium/eval/tasks/answers.h"
#include "cambium/eval/tasks/python_text.h"

namespace cambium::eval {
namespace {

using formats::Json;

/// The first choice with the highest log-likelihood per unit of size.
int64_t best_choice(std::span<const Response> responses, const std::vector<double>& sizes) {
  size_t best = 0;
  const auto score = [&](size_t i) { return responses[i].log_likelihood / sizes[i]; };
  for (size_t i = 1; i < responses.size(); ++i) {
    best = score(i) > score(best) || std::isnan(score(best)) ? i : best;
  }
  return static_cast<int64_t>(best);
}

double choice_metric(const std::string& name, const Example& example, std::span<const Response> responses) {
  const auto right = [&](int64_t choice) {
    return std::find(example.gold.begin(), example.gold.end(), choice) != example.gold.end();
  };
  if (name == "exact_match") {
    return std::any_of(example.gold.begin(), example.gold.end(),
                       [&](int64_t gold) { return responses[static_cast<size_t>(gold)].greedy; })
               ? 1
               : 0;
  }
  std::vector<double> sizes;
  for (const std::string& choice : example.contexts.empty() ? example.choices : example.contexts) {
    const double size = name == "acc_norm"    ? static_cast<double>(length(choice))
                        : name == "acc_bytes" ? static_cast<double>(choice.size())
                                              : 1.0;
    sizes.push_back(size);
  }
  return right(best_choice(responses, sizes)) ? 1 : 0;
}

Json squad_values(const Example& example, std::span<const Response> responses) {
  EmF1 best;
  std::vector<std::string> targets = example.targets;
  std::erase_if(targets, [](const std::string& t) { return squad_match(t, "").em == 1; });  // nothing but articles
  const bool answerable = !example.document.contains("is_impossible") ||
                          !(example.document["is_impossible"] == true || example.document["is_impossible"] == "1");
  if (!answerable || targets.empty()) {
    targets = {""};
  }
  for (const std::string& target : targets) {
    const EmF1 match = squad_match(responses[0].text, target);
    best = {std::max(best.em, match.em), std::max(best.f1, match.f1)};
  }
  return {{"exact", best.em},
          {"f1", best.f1},
          {"has_answer", answerable},
          {"no_answer_probability", std::exp(responses[1].log_likelihood)},
          {"empty", responses[0].text.empty()}};
}

/// What `re.split(r"\s+", text)` counts: pieces between white space, empty ones at the ends too.
double count_words(std::string_view text) {
  const auto words = static_cast<double>(split_words(text).size());
  const bool front = left_stripped(text).size() != text.size(), end = right_stripped(text).size() != text.size();
  return words + (front ? 1 : 0) + (end && words > 0 ? 1 : 0);
}

}  // namespace

Json measure(const Task& task, const TaskQuestion& question, std::span<const Response> responses,
             const AnswerFilter& filter) {
  const Example& example = question.example;
  Json result = Json::object();
  for (const Metric& metric : task.metrics) {
    const std::string& name = metric.name;
    switch (task.kind) {
      case TaskKind::kLogLikelihood:
        result[name] = name == "acc" ? (responses[0].greedy ? 1.0 : 0.0) : responses[0].log_likelihood;
        break;
      case TaskKind::kMultipleChoice:
        result[name] = choice_metric(name, example, responses);
        break;
      case TaskKind::kGenerate: {
        const std::string answer = filtered_answer(filter, responses[0].text);
        if (name == "exact_match") {
          result[name] = exact_match(metric, answer, example.targets);
        } else {
          const std::string line(stripped(answer));
          const EmF1 match = metric.style == "drop" ? drop_best(answer, example.targets)
                                                    : squad_mean(line.substr(0, line.find('\n')), example.targets);
          result[name] = name == "em" ? match.em : match.f1;
        }
        break;
      }
      case TaskKind::kSquad:
        result[name] = squad_values(example, responses);
        break;
      case TaskKind::kRolling: {
        const std::string& text = example.targets.front();
        const double size = name == "word_perplexity" ? count_words(text)
                            : name == "nll"           ? static_cast<double>(responses[0].token_log_probs.size())
                                                      : static_cast<double>(text.size());
        result[name] = {responses[0].log_likelihood, size};
        break;
      }
    }
  }
  return result;
}

Json nll_profile(std::span<const TaskQuestion> questions, std::span<const Response> responses) {
  struct Sum {
    double nll = 0;
    int64_t tokens = 0;
    void add(float log_prob) {
      nll -= log_prob;
      ++tokens;
    }
    double mean() const { return tokens == 0 ? 0 : nll / static_cast<double>(tokens); }
  };
  std::map<std::string, Sum> sources;
  std::map<uint32_t, Sum> positions;
  for (size_t i = 0; i < questions.size(); ++i) {
    const Json& document = questions[i].example.document;
    Sum& source = sources[document.contains("source") ? plain_text(document["source"]) : "all"];
    const std::vector<float>& log_probs = responses[i].token_log_probs;
    for (size_t t = 0; t < log_probs.size(); ++t) {
      source.add(log_probs[t]);
      positions[std::bit_floor(static_cast<uint32_t>(responses[i].token_contexts[t]))].add(log_probs[t]);
    }
  }
  Json by_source = Json::object(), begin = Json::array(), nll = Json::array(), tokens = Json::array();
  for (const auto& [name, sum] : sources) {
    by_source[name] = {{"nll", sum.mean()}, {"tokens", sum.tokens}};
  }
  for (const auto& [first, sum] : positions) {
    begin.push_back(first);
    nll.push_back(sum.mean());
    tokens.push_back(sum.tokens);
  }
  return {{"by_source", by_source}, {"by_position", {{"begin", begin}, {"nll", nll}, {"tokens", tokens}}}};
}

}  // namespace cambium::eval
