#include <array>

#include "cambium/base/format.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

using formats::Json;

struct Signature {
  const char *name, *title, *what;
  bool present_above;  ///< of the threshold
};

constexpr std::array kSignatures{
    Signature{"curse_of_depth", "Curse of depth", "depth score over that of even use", false},
    Signature{"early_exit", "Early exit", "share of the layers after which 90 % of the tokens are settled", false},
    Signature{"fragility", "Fragility",
              "loss without the most important layer, as a share of the way to knowing nothing", true},
    Signature{"commutativity", "Commutativity", "the same share with all blocks in reverse order", false},
    Signature{"swap_asymmetry", "Swap asymmetry",
              "largest difference between replacing a block by its neighbour and the reverse", true},
    Signature{"erasing_attention", "Erasing attention", "smallest cosine of attention at the start of a block", false}};

std::string verdict_class(const std::string& verdict) {
  return verdict == "present" || verdict == "absent" || verdict == "uncertain" ? verdict : "unknown";
}

/// "present  0.57 [0.51, 0.63]" for one run.
std::string evidence(const AnalysisFile& file, const Run& run, const std::string& name, const Links& links) {
  const Json& values = file.values();
  const std::string verdict = values.value(name + "_verdict", Json("unknown")).dump();
  const std::string word =
      verdict.size() > 2 && verdict.front() == '"' ? verdict.substr(1, verdict.size() - 2) : "unknown";
  const auto text = [](const Json& value) {
    return value.is_number() ? number(value.get<double>(), 3) : std::string("NaN");
  };
  std::string range;
  if (const auto at = values.find(name + "_interval"); at != values.end() && at->is_array() && at->size() == 2) {
    range = format(" [{}, {}]", text((*at)[0]), text((*at)[1]));
  }
  const std::string seed = run.seed.empty() ? "" : element("span", "seed " + escape(run.seed), "note");
  return format("<div class=\"evidence\"><span class=\"verdict {}\">{}</span> {}{}{}</div>", verdict_class(word),
                escape(word), links.link(file.file, text(values[name])), range, seed);
}

}  // namespace

Section signatures_section(const Collection& collection, const Links& links) {
  Table table;
  table.head = {"signature", "threshold"};
  for (size_t v = 0; v < collection.variants.size(); ++v) {
    table.head.push_back(variant_name(collection, v));
  }
  std::string definition;
  for (const Signature& signature : kSignatures) {
    std::vector<std::string> cells{format("{}{}", signature.title, element("span", signature.what, "note")), ""};
    bool any = false;
    for (const Variant& variant : collection.variants) {
      std::string found;
      for (const Run& run : variant.runs) {
        const auto file = run.analyses.find("signatures");
        if (file == run.analyses.end()) {
          continue;
        }
        definition = file->second.json["definition"].get<std::string>();
        const Json& values = file->second.values();
        if (values.contains(signature.name)) {
          found += evidence(file->second, run, signature.name, links);
          const auto threshold = values.find(std::string(signature.name) + "_threshold");
          if (threshold != values.end() && threshold->is_number()) {
            cells[1] =
                format("present {} {}", signature.present_above ? "above" : "below", rounded(threshold->get<double>()));
          }
        }
      }
      any = any || !found.empty();
      cells.push_back(found.empty() ? "<span class=\"none\">–</span>" : found);
    }
    if (any) {
      table.rows.push_back({.cells = std::move(cells)});
    }
  }
  const std::string body =
      table.rows.empty() ? ""
                         : "<p class=\"lead\">Each number with its 95 % interval over prompts, for each run; uncertain "
                           "where the interval "
                           "holds the threshold.</p>" +
                               table.html("signatures") +
                               format("<details class=\"definition\"><summary>Definition</summary><p>{}</p></details>",
                                      escape(definition));
  return {.id = "signatures", .title = "Known ways to fail", .body = body};
}

}  // namespace cambium::report
