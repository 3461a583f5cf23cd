#include "cambium/analysis/lens.h"
#include "cambium/analysis/lens_quality.h"
#include "cambium/analysis/orders.h"
#include "cambium/analysis/run.h"
#include "cambium/analysis/tasks.h"
#include "cambium/analysis/values.h"

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

/// Leaving after each number of layers is a route of its own: a shorter order, and the lens behind it.
void add_tasks(Context& context, Values& values, const std::string& lens, const Lens* translators) {
  const Tasks* tasks = context.settings.tasks;
  if (tasks == nullptr) {
    return;
  }
  std::vector<model::Route> routes;
  for (int64_t layer = 0; layer <= context.num_layers(); ++layer) {
    routes.push_back({.order = plain(layer)});
    if (translators != nullptr && layer < context.num_layers()) {
      routes.back().translate = [=](const at::Tensor& rows) { return translators->translate(layer, rows); };
    }
  }
  const at::Tensor accuracies = tasks->accuracies(context, routes, lens + " tasks");
  const std::string name = lens + "_task";
  values["tasks"] = tasks->names();
  values[name + "_accuracy"] = to_json(accuracies.mean(1));
  values[name + "_depth_90"] = depth_reached(values[name + "_accuracy"]);
  values[name + "_accuracy_by_task"] = to_json(accuracies);
  for (const at::Tensor& one : accuracies.unbind(1)) {
    values[name + "_depth_90_by_task"].push_back(depth_reached(to_json(one)));
  }
}

}  // namespace

Values early_exit(Context& context) {
  Values values;
  add(values, "logit", logit_lens(context));
  add_tasks(context, values, "logit", nullptr);
  if (!context.settings.lens.empty()) {
    const Lens lens = load_lens(context.settings.lens, context.engine.model());
    add(values, "tuned", tuned_lens(context));
    add_tasks(context, values, "tuned", &lens);
  }
  return values;
}

Values tuned_lens(Context& context) {
  const Lens lens = load_lens(context.settings.lens, context.engine.model());
  return lens_quality(
      context, [&](int64_t layer, const at::Tensor& rows) { return lens.translate(layer, rows); }, "tuned ");
}

}  // namespace cambium::analysis
