#include <algorithm>

#include "cambium/base/format.h"
#include "cambium/report/lineage.h"
#include "cambium/report/measure.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

bool same_layers(const Run& a, const Run& b) {
  return std::equal(a.growths.begin(), a.growths.end(), b.growths.begin(), b.growths.end(),
                    [](const GrowthStep& x, const GrowthStep& y) {
                      return x.step == y.step && x.from_layers == y.from_layers && x.sources == y.sources &&
                             x.places == y.places;
                    });
}

std::string layers_text(const std::vector<int>& layers) {
  std::string text;
  for (const int layer : layers) {
    text += (text.empty() ? "" : " ") + (layer < 0 ? std::string("*") : format("{}", layer));
  }
  return text;
}

/// Variant, growth, and what the loss did, over the runs that grew alike.
void add_rows(Table& table, const std::string& name, const std::vector<const Run*>& runs, const Links& links) {
  for (size_t g = 0; g < runs.front()->growths.size(); ++g) {
    const GrowthStep& growth = runs.front()->growths[g];
    const auto losses = [&](const auto& get) {
      Measure measure{.name = "", .digits = 4, .better = Measure::Better::kNeither, .variants = {{}}};
      for (const Run* run : runs) {
        if (const std::optional<double> loss = get(run->growths[g])) {
          measure.variants[0].push_back({.seed = run->seed, .value = *loss, .file = run->growth_file});
        }
      }
      return cell(measure, 0, links);
    };
    table.rows.push_back(
        {.cells = {name, format("{}", growth.step), escape(growth.op),
                   format("{} → {}", growth.from_layers, growth.to_layers), layers_text(growth.sources),
                   layers_text(growth.places), losses([](const GrowthStep& s) { return s.loss_before; }),
                   losses([](const GrowthStep& s) {
                     return s.loss_before && s.loss_after ? std::optional(*s.loss_after - *s.loss_before)
                                                          : std::nullopt;
                   })}});
  }
}

}  // namespace

Section growth_section(const Collection& collection, const Links& links) {
  Table table;
  table.head = {"variant", "step", "operator", "layers", "sources", "new layers", "loss before", "jump"};
  std::string pictures;
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    // Runs of a variant grow alike, unless the operator draws or configurations differ.
    std::vector<std::vector<const Run*>> alike;
    for (const Run& run : collection.variants[v].runs) {
      if (run.growths.empty()) {
        continue;
      }
      const auto group =
          std::find_if(alike.begin(), alike.end(), [&](const auto& g) { return same_layers(*g.front(), run); });
      if (group == alike.end()) {
        alike.push_back({&run});
      } else {
        group->push_back(&run);
      }
    }
    for (const std::vector<const Run*>& runs : alike) {
      std::string seeds;
      for (const Run* run : runs) {
        seeds += (seeds.empty() ? "" : ", ") + escape(run->seed);
      }
      const std::string name = variant_name(collection, v);
      add_rows(table, alike.size() > 1 ? name + element("span", "seed " + seeds, "note") : name, runs, links);
      pictures +=
          element("div",
                  element("h4", name + (alike.size() > 1 ? ", seed " + seeds : "") + " " +
                                    element("span", links.link(runs.front()->growth_file, "growth log"), "note")) +
                      lineage_svg(runs.front()->growths),
                  "card");
    }
  }
  if (table.rows.empty()) {
    return {.id = "growth", .title = "Growth", .body = ""};
  }
  return {
      .id = "growth",
      .title = "Growth",
      .body = "<p class=\"lead\">A jump is the validation loss right after a growth minus that right before.</p>" +
              table.html("events") +
              "<h3>Lineage</h3><p class=\"lead\">A row for each depth, a box for each layer. Number and colour are the "
              "initial layer that it descends from; a frame marks the layers that were new, and lines lead from the "
              "layers that were copied (* drawn anew).</p><div class=\"cards\">" +
              pictures + "</div>"};
}

}  // namespace cambium::report
