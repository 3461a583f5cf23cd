#include "cambium/report/depth_measures.h"

#include <cmath>

#include "cambium/report/array.h"

namespace cambium::report {
namespace {

const AnalysisFile* analysis_of(const Run& run, const char* name) {
  const auto found = run.analyses.find(name);
  return found == run.analyses.end() ? nullptr : &found->second;
}

/// A single number of an analysis; NaN where it is null.
std::optional<Value> scalar(const Run& run, const char* analysis, const char* name) {
  const AnalysisFile* file = analysis_of(run, analysis);
  if (file == nullptr || !file->values().contains(name)) {
    return std::nullopt;
  }
  const formats::Json& number = file->values()[name];
  return Value{.seed = {}, .value = number.is_number() ? number.get<double>() : kNan, .file = file->file};
}

std::optional<Array> array(const Run& run, const char* analysis, const char* name, size_t dimensions) {
  const AnalysisFile* file = analysis_of(run, analysis);
  std::optional<Array> found = file == nullptr ? std::nullopt : read_array(*file, name);
  return found && found->shape.size() == dimensions ? found : std::nullopt;
}

/// Means of what is added; nothing where nothing was.
class Mean {
 public:
  void add(double value) {
    sum_ += value;
    ++count_;
  }
  std::optional<Value> less(double plain, const AnalysisFile& file) const {
    return count_ == 0 ? std::nullopt
                       : std::optional(Value{.seed = {}, .value = sum_ / count_ - plain, .file = file.file});
  }

 private:
  double sum_ = 0, count_ = 0;
};

}  // namespace

std::optional<Value> depth_score(const Run& run) { return scalar(run, "depth-score", "layer_mean"); }

std::optional<Value> late_layer_loss(const Run& run) {
  const std::optional<Array> loss = array(run, "remove", "nll", 2);
  const std::optional<Value> plain = scalar(run, "remove", "baseline_nll");
  if (!loss || !plain) {
    return std::nullopt;
  }
  Mean mean;
  for (size_t layer = (loss->shape[0] + 1) / 2; layer < loss->shape[0]; ++layer) {
    mean.add(loss->at(layer, 0));  // the first size is one layer
  }
  return mean.less(plain->value, *analysis_of(run, "remove"));
}

std::optional<Value> settled_at_half(const Run& run) {
  for (const char* name : {"tuned_agreement", "logit_agreement"}) {
    if (const std::optional<Array> agreement = array(run, "early-exit", name, 1)) {
      const size_t half = (agreement->shape[0] - 1) / 2;  // entry i: the stream before layer i; the last: the output
      return Value{.seed = {}, .value = agreement->values[half], .file = analysis_of(run, "early-exit")->file};
    }
  }
  return std::nullopt;
}

std::optional<Value> block_swap_loss(const Run& run) {
  const std::optional<Array> loss = array(run, "swap", "nll_blocks", 2);
  const std::optional<Value> plain = scalar(run, "swap", "baseline_nll");
  if (!loss || !plain) {
    return std::nullopt;
  }
  Mean mean;
  for (size_t block = 1; block + 2 < loss->shape[0]; ++block) {
    mean.add(loss->at(block, block + 1));
  }
  return mean.less(plain->value, *analysis_of(run, "swap"));
}

std::optional<Value> weight_asymmetry(const Run& run) {
  return scalar(run, "weight-similarity", "asymmetry_blocks_all");
}

std::optional<Value> block_start_cosine(const Run& run, int block_size) {
  const std::optional<Array> cosine = array(run, "cosines", "cos_attn", 1);
  if (!cosine || block_size <= 0) {
    return std::nullopt;
  }
  Mean mean;
  for (size_t layer = static_cast<size_t>(block_size); layer < cosine->shape[0];
       layer += static_cast<size_t>(block_size)) {
    mean.add(cosine->values[layer]);
  }
  return mean.less(0, *analysis_of(run, "cosines"));
}

}  // namespace cambium::report
