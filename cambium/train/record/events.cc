#include "cambium/train/record/events.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/format.h"

namespace cambium::train {
namespace {

using formats::Json;
using formats::JsonView;
using growth::Making;

constexpr int64_t kMaxLayers = 1 << 16;
constexpr int64_t kMaxSteps = INT64_MAX;

constexpr std::array<std::pair<Making, const char*>, 4> kMakings{{{Making::kCopy, "copy"},
                                                                  {Making::kIdentity, "identity"},
                                                                  {Making::kFresh, "fresh"},
                                                                  {Making::kAverage, "average"}}};

std::string name_of(Making making) {
  return std::find_if(kMakings.begin(), kMakings.end(), [&](const auto& entry) { return entry.first == making; })
      ->second;
}

Making making_of(const JsonView& view) {
  if (!view.has("making")) return Making::kCopy;
  const std::string name = view.string("making");
  for (const auto& [making, known] : kMakings) {
    if (name == known) return making;
  }
  view.fail("making", "copy, identity, fresh or average");
}

/// A list of layers below `end`; null stands for none.
std::vector<int> layers(const JsonView& view, std::string_view key, int64_t end, bool none_allowed = false) {
  std::vector<int> values;
  for (const Json& layer : view.list(key, "layers")) {
    if (none_allowed && layer.is_null()) {
      values.push_back(growth::kNoSource);
      continue;
    }
    const std::optional<int64_t> value = formats::as_integer(layer, 0, end - 1);
    if (!value) view.fail(key, format("layers below {}", end));
    values.push_back(static_cast<int>(*value));
  }
  return values;
}

Json sources_json(const std::vector<int>& sources) {
  Json list = Json::array();
  for (const int source : sources) list.push_back(source == growth::kNoSource ? Json(nullptr) : Json(source));
  return list;
}

bool draws(const GrowthRecord& record) {
  return record.event.growth.making == Making::kFresh || record.policy.noise != 0 ||
         record.event.op.starts_with("random");
}

}  // namespace

Json to_json(const GrowthRecord& record) {
  const growth::GrowthEvent& event = record.event;
  const growth::Policy& policy = record.policy;
  Json json{{"step", event.step},
            {"operator", event.op},
            {"from_layers", event.from_layers},
            {"to_layers", event.to_layers},
            {"sources", sources_json(event.growth.sources)},
            {"insert_at", event.growth.insert_at},
            {"moments", policy.moments}};
  if (event.growth.making != Making::kCopy) json["making"] = name_of(event.growth.making);
  if (!event.growth.places.empty()) json["places"] = event.growth.places;
  if (!event.growth.partners.empty()) json["partners"] = event.growth.partners;
  if (policy.noise != 0) json["noise"] = policy.noise;
  if (policy.output_scale != 1) json["output_scale"] = policy.output_scale;
  if (policy.init_std != 0) json["init_std"] = policy.init_std;
  if (policy.rewarmup_steps != 0) json["rewarmup_steps"] = policy.rewarmup_steps;
  if (policy.freeze_steps != 0) json["freeze_steps"] = policy.freeze_steps;
  if (draws(record)) json["seed"] = policy.seed;
  return json;
}

GrowthRecord growth_record_from_json(const Json& json, const std::string& what) {
  const JsonView view(json, what);
  GrowthRecord record;
  growth::GrowthEvent& event = record.event;
  event.step = view.integer("step", 0, kMaxSteps);
  event.op = view.string("operator");
  event.from_layers = static_cast<int>(view.integer("from_layers", 1, kMaxLayers));
  event.to_layers = static_cast<int>(view.integer("to_layers", 1, kMaxLayers));
  event.growth.making = making_of(view);
  event.growth.sources = layers(view, "sources", event.from_layers, event.growth.making == Making::kFresh);
  event.growth.insert_at = static_cast<int>(view.integer("insert_at", 0, event.from_layers));
  if (view.has("places")) event.growth.places = layers(view, "places", event.to_layers);
  if (view.has("partners")) event.growth.partners = layers(view, "partners", event.from_layers);
  growth::Policy& policy = record.policy;
  policy.moments = view.string("moments");
  if (view.has("noise")) policy.noise = view.number("noise");
  if (view.has("output_scale")) policy.output_scale = view.number("output_scale");
  if (view.has("init_std")) policy.init_std = view.number("init_std");
  if (view.has("rewarmup_steps")) policy.rewarmup_steps = view.integer("rewarmup_steps", 0, kMaxSteps);
  if (view.has("freeze_steps")) policy.freeze_steps = view.integer("freeze_steps", 0, kMaxSteps);
  if (view.has("seed")) policy.seed = view.seed("seed");
  try {
    layer_map(event.from_layers, event.growth);
  } catch (const InvalidArgument& error) {
    bad_input("{}: key `growth`: {}", what, error.what());
  }
  return record;
}

Json to_json(const growth::SymmetrizeEvent& event) {
  Json pairs = Json::array();
  for (const auto& [one, other] : event.pairs) pairs.push_back({one, other});
  return {{"step", event.step},     {"strength", event.how.strength}, {"control", event.how.control},
          {"seed", event.how.seed}, {"block_size", event.block_size}, {"pairs", pairs}};
}

growth::SymmetrizeEvent symmetrize_event_from_json(const Json& json, const std::string& what) {
  const JsonView view(json, what);
  growth::SymmetrizeEvent event;
  event.step = view.integer("step", 0, kMaxSteps);
  event.block_size = static_cast<int>(view.integer("block_size", 1, kMaxLayers));
  event.how.strength = view.number("strength");
  event.how.control = view.string("control");
  event.how.seed = view.seed("seed");
  for (const Json& pair : view.list("pairs", "pairs of blocks")) {
    const bool is_pair = pair.is_array() && pair.size() == 2;
    const auto one = is_pair ? formats::as_integer(pair[0], 0, kMaxLayers) : std::nullopt;
    const auto other = is_pair ? formats::as_integer(pair[1], 0, kMaxLayers) : std::nullopt;
    if (!one || !other) view.fail("pairs", format("pairs of blocks from 0 to {}", kMaxLayers));
    event.pairs.emplace_back(static_cast<int>(*one), static_cast<int>(*other));
  }
  return event;
}

std::string describe(const GrowthRecord& record) {
  const auto& [event, policy] = record;
  const growth::Growth& growth = event.growth;
  std::string made = format("copies of {}", fmt::join(growth.sources, ", "));
  if (growth.making == Making::kFresh) made = format("{} new layers", growth.sources.size());
  if (growth.making == Making::kIdentity) made = format("silent {}", made);
  if (growth.making == Making::kAverage) {
    made = format("means of {} and {}", fmt::join(growth.sources, ", "), fmt::join(growth.partners, ", "));
  }
  std::string text =
      format("{}: {} -> {} layers, {} inserted at {}", event.op, event.from_layers, event.to_layers, made,
             growth.places.empty() ? format("{}", growth.insert_at) : format("{}", fmt::join(growth.places, ", ")));
  if (policy.moments != "copy") text += format("; moments: {}", policy.moments);
  if (policy.noise != 0) text += format("; noise {}", policy.noise);
  if (policy.output_scale != 1) text += format("; outputs times {}", policy.output_scale);
  if (policy.rewarmup_steps != 0) text += format("; learning rate warms up over {} steps", policy.rewarmup_steps);
  if (policy.freeze_steps != 0) text += format("; the old layers rest for {} steps", policy.freeze_steps);
  return text;
}

}  // namespace cambium::train
