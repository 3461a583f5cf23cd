#include "cambium/eval/tasks/answers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "cambium/base/text.h"
#include "cambium/eval/tasks/python_text.h"

namespace cambium::eval {
namespace {

std::string without_matches(const text::Regex& regex, const std::string& from) {
  std::string out;
  size_t at = 0;
  text::RegexScratch scratch;
  text::for_each_match(regex, from, scratch, [&](size_t begin, size_t end) {
    out += from.substr(at, begin - at);
    at = end;
  });
  return out + from.substr(at);
}

std::string normalized(const Metric& metric, std::string_view text) {
  std::string out(text);
  for (const text::Regex& regex : metric.ignore) {
    out = without_matches(regex, out);
  }
  if (metric.ignore_case) {
    out = lowered(out);
  }
  if (metric.ignore_punctuation) {
    out = without_punctuation(out);
  }
  return out;
}

bool same(const Metric& metric, const std::string& answer, const std::string& target) {
  double a = 0, b = 0;
  if (metric.numeric && is_number(replaced(answer, ",", ""), &a) && is_number(replaced(target, ",", ""), &b)) {
    return std::abs(a - b) <= 1e-6 * std::max(1.0, std::abs(b));
  }
  return answer == target;
}

bool is_article(std::string_view word) { return word == "a" || word == "an" || word == "the"; }

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Articles that stand as whole words become spaces.
std::string without_articles(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_word_character(text[end]) == is_word_character(text[at])) {
      ++end;
    }
    const std::string piece = text.substr(at, end - at);
    out += is_article(piece) ? " " : piece;
    at = end;
  }
  return out;
}

std::vector<std::string> squad_words(std::string_view text) {
  return split_words(without_articles(without_punctuation(lowered(text))));
}

double harmonic(double precision, double recall) {
  return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
}

/// Words of DROP's normalisation, joined.
std::string drop_text(std::string_view answer) {
  std::vector<std::string> words;
  std::string spaced(answer);
  std::replace(spaced.begin(), spaced.end(), '-', ' ');
  for (size_t at = 0; at <= spaced.size();) {
    const size_t end = std::min(spaced.find(' ', at), spaced.size());
    std::string word = lowered(spaced.substr(at, end - at));
    at = end + 1;
    double number = 0;
    if (!is_number(word)) {
      word = without_punctuation(word);
    }
    if (is_number(word, &number)) {
      word = number_text(number);
    }
    word = join(split_words(without_articles(word)), " ");
    if (!word.empty()) {
      words.push_back(word);
    }
  }
  return join(words, " ");
}

EmF1 drop_match(std::string_view answer, std::string_view target) {
  const std::string said = drop_text(answer), wanted = drop_text(target);
  const auto bag = [](const std::string& text) {
    const std::vector<std::string> words = split_words(text);
    return std::set<std::string>(words.begin(), words.end());
  };
  const std::set<std::string> a = bag(said), b = bag(wanted);
  double common = 0;
  bool numbers_wanted = false, number_said = false;
  for (const std::string& word : b) {
    common += a.contains(word) ? 1 : 0;
    numbers_wanted = numbers_wanted || is_number(word);
    number_said = number_said || (is_number(word) && a.contains(word));
  }
  const double precision = a.empty() ? 1 : common / static_cast<double>(a.size());
  const double recall = b.empty() ? 1 : common / static_cast<double>(b.size());
  const double f1 = numbers_wanted && !number_said ? 0 : harmonic(precision, recall);
  return {said == wanted ? 1.0 : 0.0, std::nearbyint(f1 * 100) / 100};
}

}  // namespace

std::string filtered_answer(const AnswerFilter& filter, std::string_view text) {
  std::string answer(text);
  if (filter.find) {
    answer = "[invalid]";
    text::RegexScratch scratch;
    bool found = false;
    text::for_each_match(*filter.find, text, scratch, [&](size_t begin, size_t end) {
      if (!found || filter.last) {
        answer = std::string(stripped(text.substr(begin, end - begin)));
        found = true;
      }
    });
  }
  return filter.strip ? std::string(stripped(answer)) : answer;
}

double exact_match(const Metric& metric, std::string_view answer, const std::vector<std::string>& targets) {
  const std::string said = normalized(metric, answer);
  return std::any_of(targets.begin(), targets.end(),
                     [&](const std::string& target) { return same(metric, said, normalized(metric, target)); })
             ? 1
             : 0;
}

EmF1 squad_match(std::string_view answer, std::string_view target) {
  const std::vector<std::string> said = squad_words(answer), wanted = squad_words(target);
  EmF1 result;
  result.em = said == wanted ? 1 : 0;
  if (said.empty() || wanted.empty()) {
    result.f1 = result.em;
    return result;
  }
  std::map<std::string, int64_t> left;
  for (const std::string& word : wanted) {
    ++left[word];
  }
  double common = 0;
  for (const std::string& word : said) {
    common += left[word]-- > 0 ? 1 : 0;
  }
  result.f1 = harmonic(common / static_cast<double>(said.size()), common / static_cast<double>(wanted.size()));
  return result;
}

EmF1 squad_mean(std::string_view answer, const std::vector<std::string>& targets) {
  EmF1 sum;
  for (size_t left_out = 0; left_out < targets.size(); ++left_out) {
    EmF1 best;
    for (size_t i = 0; i < targets.size(); ++i) {
      if (i != left_out || targets.size() == 1) {
        const EmF1 match = squad_match(answer, targets[i]);
        best = {std::max(best.em, match.em), std::max(best.f1, match.f1)};
      }
    }
    sum = {sum.em + best.em, sum.f1 + best.f1};
  }
  const auto count = static_cast<double>(std::max<size_t>(1, targets.size()));
  return {sum.em / count, sum.f1 / count};
}

EmF1 drop_best(std::string_view answer, const std::vector<std::string>& targets) {
  EmF1 best;
  for (const std::string& target : targets) {
    if (!stripped(target).empty()) {
      const EmF1 match = drop_match(answer, target);
      best = {std::max(best.em, match.em), std::max(best.f1, match.f1)};
    }
  }
  return best;
}

}  // namespace cambium::eval
