#include "cambium/report/measure.h"

#include <algorithm>
#include <cmath>

#include "cambium/base/format.h"
#include "cambium/base/hash.h"
#include "cambium/report/depth_measures.h"
#include "cambium/report/task_groups.h"

namespace cambium::report {
namespace {

std::vector<double> numbers(const std::vector<Value>& values) {
  std::vector<double> found;
  for (const Value& value : values) {
    found.push_back(value.value);
  }
  return found;
}

}  // namespace

bool Measure::empty() const {
  return std::all_of(variants.begin(), variants.end(), [](const auto& values) { return values.empty(); });
}

std::string Measure::text(double value) const {
  return digits == kSignificant ? rounded(value) : number(value, digits);
}

std::optional<double> Measure::mean(size_t variant) const {
  const std::vector<double> values = numbers(variants[variant]);
  return values.empty() ? std::nullopt : std::optional(report::mean(values));
}

Difference Measure::difference(size_t variant, size_t other) const {
  std::vector<double> differences;
  for (const Value& value : variants[variant]) {
    for (const Value& paired : variants[other]) {
      if (value.seed == paired.seed) {
        differences.push_back(value.value - paired.value);
        break;
      }
    }
  }
  return bootstrap_difference(differences, hash64(name));
}

Measure validation_loss(const Collection& collection) {
  return measure(collection, "validation loss", 4, Measure::Better::kLower, [](const Run& run) {
    const std::optional<double> loss = run.val_loss();
    return loss ? std::optional(Value{.seed = {}, .value = *loss, .file = run.metrics_file()}) : std::nullopt;
  });
}

std::vector<Measure> headline_measures(const Collection& collection) {
  std::vector<Measure> measures;
  const auto add = [&](Measure found) {
    if (!found.empty()) {
      measures.push_back(std::move(found));
    }
  };
  add(validation_loss(collection));
  for (Measure& group : group_measures(collection)) {
    add(std::move(group));
  }
  add(measure(collection, "depth score", 3, Measure::Better::kNeither, depth_score));
  Measure flops = measure(collection, "training FLOPs", kSignificant, Measure::Better::kLower, [](const Run& run) {
    const bool known = !run.points.empty() && std::isfinite(run.points.back().flops);
    return known ? std::optional(Value{.seed = {}, .value = run.points.back().flops, .file = run.metrics_file()})
                 : std::nullopt;
  });
  Measure seconds = measure(collection, "training seconds", 1, Measure::Better::kLower, [](const Run& run) {
    return run.points.empty()
               ? std::nullopt
               : std::optional(Value{.seed = {}, .value = run.points.back().seconds, .file = run.metrics_file()});
  });
  flops.cost = seconds.cost = true;
  add(std::move(flops));
  add(std::move(seconds));
  return measures;
}

std::string cell(const Measure& measure, size_t variant, const Links& links) {
  const std::vector<Value>& values = measure.variants[variant];
  if (values.empty()) {
    return "<span class=\"none\">–</span>";
  }
  if (values.size() == 1) {
    const Value& value = values.front();
    const std::string error = std::isnan(value.standard_error)
                                  ? ""
                                  : format(" <span class=\"spread\">({})</span>", measure.text(value.standard_error));
    return links.link(value.file, measure.text(value.value)) + error;
  }
  const std::vector<double> all = numbers(values);
  std::string seeds;
  for (const Value& value : values) {
    const std::string text = measure.text(value.value);
    seeds += links.link(value.file, escape(value.seed), format("seed {}: {}", value.seed, text)) + " ";
  }
  return format("{} <span class=\"spread\">± {}</span><span class=\"seeds\">{}</span>", measure.text(mean(all)),
                measure.text(standard_deviation(all)), seeds);
}

std::string reading(const Difference& difference) {
  if (difference.pairs == 0) {
    return "no seed in common";
  }
  if (!std::isfinite(difference.mean)) {
    return "not a number";
  }
  if (difference.pairs == 1) {
    return "one seed: cannot tell";
  }
  return !difference.told_apart() ? "not told apart" : difference.mean > 0 ? "higher" : "lower";
}

}  // namespace cambium::report
