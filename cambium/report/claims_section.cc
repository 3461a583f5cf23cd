#include <array>

#include "cambium/base/format.h"
#include "cambium/report/claims.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

struct Word {
  const char *text, *style;
};

Word word(Claim::Verdict verdict) {
  switch (verdict) {
    case Claim::Verdict::kAgrees:
      return {"agrees", "absent"};
    case Claim::Verdict::kDisagrees:
      return {"disagrees", "present"};
    case Claim::Verdict::kOpen:
      break;
  }
  return {"open", "uncertain"};
}

std::string interval(double low, double high, int digits) {
  return format("[{}, {}]", signed_number(low, digits), signed_number(high, digits));
}

Table::Row row(const Claim& claim, const Comparison& compared, const Collection& collection, const Links& links,
               bool first) {
  const Difference& difference = compared.difference;
  const int digits = claim.measure.digits;
  const Word said = word(claim.verdict(difference));
  std::vector<std::string> cells{
      first ? escape(claim.statement) + element("span", escape(claim.quantity), "note") : "",
      variant_name(collection, compared.variant) + " − " + variant_name(collection, compared.other),
      cell(claim.measure, compared.variant, links), cell(claim.measure, compared.other, links),
      signed_number(difference.mean, digits)};
  cells.push_back(difference.has_interval() ? interval(difference.low, difference.high, digits) : "–");
  cells.push_back(difference.has_interval() ? interval(difference.t_low, difference.t_high, digits) : "–");
  cells.push_back(format("{}", difference.pairs));
  cells.push_back(element("span", said.text, format("verdict {}", said.style)));
  return {.cells = std::move(cells)};
}

}  // namespace

Section claims_section(const Collection& collection, const Links& links) {
  Table table;
  table.head = {"claim",           "compared",          "value", "other",  "difference",
                "bootstrap, 95 %", "Student's t, 95 %", "seeds", "verdict"};
  for (const Claim& claim : find_claims(collection)) {
    for (size_t i = 0; i < claim.comparisons.size(); ++i) {
      table.rows.push_back(row(claim, claim.comparisons[i], collection, links, i == 0));
    }
  }
  const std::string body =
      table.rows.empty()
          ? ""
          : "<p class=\"lead\">What “Do Depth-Grown Models Overcome the Curse of Depth?” (2025) found of models of 360 "
            "million and 1.7 billion parameters, and what these runs show of it. Differences are paired by seed. A "
            "verdict goes by the interval of Student's t, the wider one for few seeds: it agrees or disagrees where "
            "that "
            "lies on one side, else the question is open.</p>" +
                table.html("claims");
  return {.id = "claims", .title = "The paper's claims", .body = body};
}

}  // namespace cambium::report
