#include "cambium/report/array.h"

#include "cambium/base/error.h"
#include "cambium/report/statistics.h"

namespace cambium::report {
namespace {

using formats::Json;

class Reader {
 public:
  Reader(const AnalysisFile& analysis, std::string_view name) : analysis_(analysis), name_(name) {}

  Array read(const Json& lists) {
    for (const Json* at = &lists; at->is_array(); at = &at->front()) {
      if (at->empty() || array_.shape.size() == 3) {
        fail();
      }
      array_.shape.push_back(at->size());
    }
    add(lists, 0);
    return std::move(array_);
  }

 private:
  void add(const Json& value, size_t depth) {
    if (depth == array_.shape.size()) {
      if (!value.is_number() && !value.is_null()) {
        fail();
      }
      array_.values.push_back(value.is_number() ? value.get<double>() : kNan);
      return;
    }
    if (!value.is_array() || value.size() != array_.shape[depth]) {
      fail();
    }
    for (const Json& part : value) {
      add(part, depth + 1);
    }
  }
  [[noreturn]] void fail() const {
    bad_input("{}: key `values.{}`: expected numbers in lists of equal lengths", analysis_.file.string(), name_);
  }

  const AnalysisFile& analysis_;
  std::string_view name_;
  Array array_;
};

}  // namespace

Json Array::json() const {
  if (shape.size() != 2) {
    return values;
  }
  Json rows = Json::array();
  for (size_t i = 0; i < shape[0]; ++i) {
    Json row = Json::array();
    for (size_t j = 0; j < shape[1]; ++j) {
      row.push_back(at(i, j));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<Array> read_array(const AnalysisFile& analysis, std::string_view name) {
  const Json& values = analysis.values();
  const auto found = values.find(std::string(name));
  if (found == values.end() || !found->is_array() || found->empty()) {
    return std::nullopt;
  }
  return Reader(analysis, name).read(*found);
}

std::string SeedMean::note() const {
  const std::string text = seeds == 1 ? "one seed" : format("mean of {} seeds", seeds);
  return left_out == 0 ? text : text + format(", {} of another shape left out", left_out);
}

std::optional<SeedMean> seed_mean(const Variant& variant, std::string_view analysis, std::string_view name) {
  std::vector<Array> arrays;
  SeedMean found;
  for (const Run& run : variant.runs) {
    const auto file = run.analyses.find(std::string(analysis));
    std::optional<Array> array = file == run.analyses.end() ? std::nullopt : read_array(file->second, name);
    if (array && (arrays.empty() || array->shape == arrays.front().shape)) {
      arrays.push_back(std::move(*array));
    } else if (array) {
      ++found.left_out;
    }
  }
  if (arrays.empty()) {
    return std::nullopt;
  }
  found.seeds = arrays.size();
  found.mean.shape = found.spread.shape = arrays.front().shape;
  for (size_t i = 0; i < arrays.front().values.size(); ++i) {
    std::vector<double> values;
    for (const Array& array : arrays) {
      values.push_back(array.values[i]);
    }
    found.mean.values.push_back(mean(values));
    found.spread.values.push_back(standard_deviation(values));
  }
  return found;
}

}  // namespace cambium::report
