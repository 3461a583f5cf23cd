#include <array>

#include "cambium/report/pictures.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

constexpr Picture heads(std::string_view value, std::string_view title, double high = 0) {
  return {.value = value,
          .title = title,
          .x = "head",
          .y = "layer",
          .form = Form::kHeat,
          .low = 0,
          .high = high,
          .more = true,
          .layers = false};
}

constexpr std::array kAttention{Picture{"mean_distance", "How far back", "layer", "tokens"},
                                Picture{"mean_entropy", "How spread", "layer", "entropy, nats"},
                                Picture{"mean_first_token", "At the first token", "layer", "share", Form::kLines, 0, 1},
                                heads("induction", "induction", 1),
                                heads("previous_token", "previous token", 1),
                                heads("first_token", "first token", 1),
                                heads("distance", "distance")};

constexpr AnalysisView kView{"attention", "Attention", {}, kAttention};

}  // namespace

Section attention_section(const Collection& collection, const Links& links) {
  return {.id = "attention-section", .title = "Where does attention look?", .body = html(kView, collection, links)};
}

}  // namespace cambium::report
