#include "cambium/eval/aggregate.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "cambium/eval/tasks/python_random.h"

namespace cambium::eval {
namespace {

using formats::Json;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// √(Σ (x - mean)² / (n - 1)); none of fewer than two.
std::optional<double> deviation(const std::vector<double>& values) {
  if (values.size() < 2) {
    return std::nullopt;
  }
  const double middle = mean(values);
  double sum = 0;
  for (const double value : values) {
    sum += (value - middle) * (value - middle);
  }
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

/// Standard error of exp(-mean) by resampling: chunks of up to 1000 draws, chunk i with seed i.
std::optional<double> bootstrap_perplexity(const std::vector<double>& values, int64_t draws) {
  const int64_t chunk = std::min<int64_t>(1000, draws);
  if (chunk < 2) {
    return std::nullopt;
  }
  const int64_t chunks = draws / chunk;
  std::vector<double> results(static_cast<size_t>(chunks * chunk));
  at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      PythonRandom random(static_cast<uint32_t>(i));
      for (int64_t k = 0; k < chunk; ++k) {
        double sum = 0;
        for (size_t n = 0; n < values.size(); ++n) {
          sum += values[static_cast<size_t>(random.random() * static_cast<double>(values.size()))];
        }
        results[static_cast<size_t>(i * chunk + k)] = std::exp(-sum / static_cast<double>(values.size()));
      }
    }
  });
  return deviation(results);
}

/// Σ of the scores above the best threshold of the no-answer probability: everything else counts as "no answer".
double best_over_thresholds(std::vector<const Json*> items, const std::string& score) {
  std::stable_sort(items.begin(), items.end(), [](const Json* a, const Json* b) {
    return (*a)["no_answer_probability"].get<double>() < (*b)["no_answer_probability"].get<double>();
  });
  double current = 0;
  for (const Json* item : items) {
    current += (*item)["has_answer"] == true ? 0 : 1;
  }
  double best = current;
  for (const Json* item : items) {
    const bool answerable = (*item)["has_answer"] == true;
    current += answerable ? (*item)[score].get<double>() : (*item)["empty"] == true ? 0 : -1;
    best = std::max(best, current);
  }
  return best;
}

std::vector<MetricValue> squad_metrics(const std::string& filter, std::span<const Json> measured) {
  std::vector<const Json*> all, has, none;
  for (const Json& sample : measured) {
    const Json* values = &sample["squad_v2"];
    all.push_back(values);
    ((*values)["has_answer"] == true ? has : none).push_back(values);
  }
  std::vector<MetricValue> result;
  const auto add = [&](const std::string& name, double sum, size_t count) {
    result.push_back({name + "," + filter, count == 0 ? 0 : 100 * sum / static_cast<double>(count)});
  };
  const auto sum = [](const std::vector<const Json*>& items, const std::string& score) {
    double total = 0;
    for (const Json* item : items) {
      total += (*item)[score].get<double>();
    }
    return total;
  };
  for (const std::string score : {"exact", "f1"}) {
    add(score, sum(all, score), all.size());
    add("HasAns_" + score, sum(has, score), has.size());
    add("NoAns_" + score, sum(none, score), none.size());
    add("best_" + score, best_over_thresholds(all, score), all.size());
  }
  return result;
}

}  // namespace

std::vector<MetricValue> aggregate(const Task& task, const AnswerFilter& filter, std::span<const Json> measured,
                                   int64_t bootstrap) {
  if (task.kind == TaskKind::kSquad) {
    return squad_metrics(filter.name, measured);
  }
  std::vector<MetricValue> result;
  for (const Metric& metric : task.metrics) {
    MetricValue value{.key = metric.name + "," + filter.name};
    std::vector<double> values;
    double likelihood = 0, size = 0;
    for (const Json& sample : measured) {
      const Json& entry = sample[metric.name];
      if (entry.is_array()) {
        likelihood += entry[0].get<double>();
        size += entry[1].get<double>();
      } else {
        values.push_back(entry.get<double>());
      }
    }
    if (task.kind == TaskKind::kRolling) {
      value.higher_is_better = false;
      const double per_unit = -likelihood / size;
      value.value = metric.name == "nll"             ? per_unit
                    : metric.name == "bits_per_byte" ? per_unit / std::numbers::ln2
                                                     : std::exp(per_unit);
    } else if (metric.name == "perplexity") {
      value.value = std::exp(-mean(values));
      value.standard_error = bootstrap_perplexity(values, bootstrap);
      value.higher_is_better = false;
    } else {
      value.value = mean(values);
      if (const auto spread = deviation(values)) {
        value.standard_error = *spread / std::sqrt(static_cast<double>(values.size()));
      }
    }
    result.push_back(std::move(value));
  }
  return result;
}

}  // namespace cambium::eval
