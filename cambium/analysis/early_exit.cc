#include "cambium/analysis/lens.h"
#include "cambium/analysis/lens_quality.h"
#include "cambium/analysis/run.h"

namespace cambium::analysis {
namespace {

constexpr double kShare = 0.9;

/// The first layer whose stream reaches nine tenths of the last entry; null where that is 0 or unknown.
Values depth_reached(const Values& by_layer) {
  if (!by_layer.back().is_number() || by_layer.back().get<double>() <= 0) {
    return nullptr;
  }
  const double wanted = kShare * by_layer.back().get<double>();
  for (size_t layer = 0; layer < by_layer.size(); ++layer) {
    if (by_layer[layer].get<double>() >= wanted) {
      return layer;
    }
  }
  return nullptr;
}

void add(Values& values, const std::string& lens, const Values& quality) {
  values[lens + "_accuracy"] = quality.at("accuracy");
  values[lens + "_agreement"] = quality.at("top1_agreement");
  values[lens + "_depth_90"] = depth_reached(quality.at("accuracy"));
  values[lens + "_agreement_depth_90"] = depth_reached(quality.at("top1_agreement"));
}

}  // namespace

Values early_exit(Context& context) {
  Values values;
  add(values, "logit", logit_lens(context));
  if (!context.settings.lens.empty()) {
    add(values, "tuned", tuned_lens(context));
  }
  return values;
}

Values tuned_lens(Context& context) {
  const Lens lens = load_lens(context.settings.lens, context.engine.model());
  return lens_quality(
      context, [&](int64_t layer, const at::Tensor& rows) { return lens.translate(layer, rows); }, "tuned ");
}

}  // namespace cambium::analysis
