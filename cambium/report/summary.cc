#include "cambium/report/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cambium/base/format.h"
#include "cambium/base/text.h"
#include "cambium/report/measure.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

std::string plural(size_t count, std::string_view what) {
  return format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string what_is_here(const Collection& collection) {
  size_t fewest = SIZE_MAX, most = 0;
  for (const Variant& variant : collection.variants) {
    fewest = std::min(fewest, variant.runs.size());
    most = std::max(most, variant.runs.size());
  }
  const std::string seeds = fewest == most ? plural(most, "seed") + (collection.variants.size() > 1 ? " each" : "")
                                           : format("{} to {} seeds each", fewest, most);
  return format("{} with {}.", plural(collection.variants.size(), "variant"), seeds);
}

/// "lidas −0.012 [−0.031, +0.004], not told apart".
std::string compared(const Measure& measure, size_t variant, const Collection& collection,
                     const Difference& difference) {
  const std::string head =
      format("{} {}", collection.variants[variant].name, signed_number(difference.mean, measure.digits));
  if (!difference.has_interval()) {
    return head;
  }
  return format("{} [{}, {}], {}", head, signed_number(difference.low, measure.digits),
                signed_number(difference.high, measure.digits), reading(difference));
}

/// " (1.05 to 1.40 by seed)" where the ratios of paired runs differ: seconds depend on what else the machine did.
std::string ratios_by_seed(const Measure& measure, size_t variant) {
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (const Value& own : measure.variants[variant]) {
    for (const Value& full : measure.variants[0]) {
      if (full.seed == own.seed && own.value > 0) {
        least = std::min(least, full.value / own.value);
        most = std::max(most, full.value / own.value);
      }
    }
  }
  const std::string low = number(least, 2), high = number(most, 2);
  return most == 0 || low == high ? "" : format(" ({} to {} by seed)", low, high);
}

/// "Training FLOPs of baseline over those of each grown variant: lidas 1.21."
std::string saving(const Measure& measure, const std::string& what, const Collection& collection) {
  std::vector<std::string> parts;
  const std::optional<double> full = measure.mean(0);
  for (size_t v = 1; v < collection.variants.size(); ++v) {
    const std::optional<double> own = measure.mean(v);
    if (collection.variants[v].grows() && full && own && *own > 0) {
      parts.push_back(
          format("{} {}{}", collection.variants[v].name, number(*full / *own, 2), ratios_by_seed(measure, v)));
    }
  }
  return parts.empty() ? ""
                       : format("{} of {} over those of each grown variant: {}.", what, collection.baseline().name,
                                join(parts, ", "));
}

}  // namespace

std::vector<std::string> summary(const Collection& collection) {
  std::vector<std::string> sentences{what_is_here(collection)};
  if (!collection.has_baseline) {
    return sentences;
  }
  size_t pairs = 0, told = 0, compared_pairs = 0;
  for (const Measure& measure : headline_measures(collection)) {
    std::string name = measure.name;
    name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
    if (measure.cost) {
      if (const std::string text = saving(measure, name, collection); !text.empty()) {
        sentences.push_back(text);
      }
      continue;
    }
    std::vector<std::string> parts;
    for (size_t v = 1; v < collection.variants.size(); ++v) {
      const Difference difference = measure.against_baseline(v);
      if (difference.pairs > 0) {
        parts.push_back(compared(measure, v, collection, difference));
        pairs = std::max(pairs, static_cast<size_t>(difference.pairs));
        ++compared_pairs;
        told += difference.told_apart() ? 1 : 0;
      }
    }
    if (!parts.empty()) {
      sentences.push_back(format("{} against {}: {}.", name, collection.baseline().name, join(parts, "; ")));
    }
  }
  if (compared_pairs > 0 && pairs < 2) {
    sentences.emplace_back("One seed cannot tell a difference from luck: what differs here may not differ again.");
  } else if (compared_pairs > 0) {
    sentences.push_back(format("{} of {} differences have an interval without 0.{}", told, compared_pairs,
                               pairs < 5
                                   ? " Intervals over so few seeds are too narrow: they hold the true difference less "
                                     "often than 95 times in 100."
                                   : ""));
  }
  return sentences;
}

std::string results_table(const Collection& collection) {
  constexpr size_t kNames = 32, kColumn = 20;
  const auto cell = [](std::string_view text, size_t width) {
    return std::string(text) + std::string(width > text.size() ? width - text.size() : 1, ' ');
  };
  const auto right = [](const std::string& text) {
    return std::string(text.size() < kColumn ? kColumn - text.size() : 1, ' ') + text;
  };
  std::string table = cell("", kNames);
  for (const Variant& variant : collection.variants) {
    table += right(variant.name);
  }
  table += "\n";
  for (const Measure& measure : headline_measures(collection)) {
    table += cell(measure.name, kNames);
    for (size_t v = 0; v < collection.variants.size(); ++v) {
      const std::optional<double> mean = measure.mean(v);
      table += right(mean ? measure.text(*mean) : "-");
    }
    table += "\n";
  }
  return table;
}

Section summary_section(const Collection& collection, const Links&) {
  std::string body;
  for (const StudyFile& study : collection.studies) {
    if (!study.question.empty()) {
      body += element("p", escape(study.question), "question");
    }
  }
  body += "<ul class=\"summary\">";
  for (const std::string& sentence : summary(collection)) {
    body += element("li", escape(sentence));
  }
  return {.id = "summary", .title = "In short", .body = body + "</ul>"};
}

}  // namespace cambium::report
