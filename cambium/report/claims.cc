#include "cambium/report/claims.h"

#include <algorithm>

#include "cambium/base/format.h"
#include "cambium/report/depth_measures.h"
#include "cambium/report/task_groups.h"

namespace cambium::report {
namespace {

constexpr int kDigits = 3;

/// Where the roles of the paper's comparison are among the variants.
struct Roles {
  std::optional<size_t> full, midas, lidas;
};

bool plays(const Variant& variant, const std::string& op) {
  return std::all_of(variant.runs.begin(), variant.runs.end(), [&](const Run& run) {
    return run.config && run.config->growth.op == op && !run.config->growth.symmetrize &&
           run.config->run.branch_from.empty() && !run.config->model.architecture.layer_norm_scaling;
  });
}

Roles find_roles(const Collection& collection) {
  Roles roles;
  const auto first = [&](const std::string& op) {
    std::optional<size_t> found;
    for (size_t v = collection.variants.size(); v-- > 0;) {
      found = plays(collection.variants[v], op) ? std::optional(v) : found;
    }
    return found;
  };
  roles.full = first("none");
  roles.midas = first("midas");
  roles.lidas = first("lidas");
  return roles;
}

class Claims {
 public:
  explicit Claims(const Collection& collection) : collection_(collection), roles_(find_roles(collection)) {}

  template <typename Get>
  void grown_against_full(const char* statement, const char* quantity, double sign, const Get& get) {
    add({.statement = statement, .quantity = quantity, .measure = of(quantity, get), .sign = sign, .comparisons = {}},
        {{roles_.midas, roles_.full}, {roles_.lidas, roles_.full}});
  }
  template <typename Get>
  void lidas_against_midas(const char* statement, const char* quantity, double sign, int digits, const Get& get) {
    Measure measure = of(quantity, get);
    measure.digits = digits;
    add({.statement = statement, .quantity = quantity, .measure = std::move(measure), .sign = sign, .comparisons = {}},
        {{roles_.lidas, roles_.midas}});
  }
  void at_least_as_good(const char* statement, Measure measure, double margin) {
    const double sign = measure.better == Measure::Better::kLower ? -1 : 1;
    const std::string quantity = format("{}; up to {} worse counts as as good", measure.name, rounded(margin));
    add({.statement = statement,
         .quantity = quantity,
         .measure = std::move(measure),
         .sign = sign,
         .margin = margin,
         .comparisons = {}},
        {{roles_.midas, roles_.full}, {roles_.lidas, roles_.full}});
  }
  std::vector<Claim> claims;

 private:
  template <typename Get>
  Measure of(const char* quantity, const Get& get) const {
    return measure(collection_, quantity, kDigits, Measure::Better::kNeither, get);
  }
  void add(Claim claim, const std::vector<std::pair<std::optional<size_t>, std::optional<size_t>>>& pairs) {
    for (const auto& [variant, other] : pairs) {
      if (variant && other) {
        const Difference difference = claim.measure.difference(*variant, *other);
        if (difference.pairs > 0) {
          claim.comparisons.push_back({.variant = *variant, .other = *other, .difference = difference});
        }
      }
    }
    if (!claim.comparisons.empty()) {
      claims.push_back(std::move(claim));
    }
  }

  const Collection& collection_;
  Roles roles_;
};

}  // namespace

Claim::Verdict Claim::verdict(const Difference& difference) const {
  if (!difference.has_interval()) {
    return Verdict::kOpen;
  }
  const double worst = sign > 0 ? difference.t_low : -difference.t_high;
  const double best = sign > 0 ? difference.t_high : -difference.t_low;
  return worst > -margin ? Verdict::kAgrees : best < -margin ? Verdict::kDisagrees : Verdict::kOpen;
}

std::vector<Claim> find_claims(const Collection& collection) {
  Claims claims(collection);
  claims.grown_against_full("Grown models have a higher depth score", "depth score", +1, depth_score);
  claims.grown_against_full("Grown models need their later layers more",
                            "loss without one layer of the second half, rise in nats", +1, late_layer_loss);
  claims.grown_against_full("The output of grown models is settled later",
                            "tokens whose prediction is settled at half depth, share", -1, settled_at_half);
  claims.grown_against_full("Blocks of grown models change places at little loss",
                            "loss with two neighbouring inner blocks exchanged, rise in nats", -1, block_swap_loss);
  claims.lidas_against_midas("LIDAS leaves more symmetric weights", "asymmetry of the blocks' similarity", -1,
                             /*digits=*/5, weight_asymmetry);
  claims.lidas_against_midas(
      "LIDAS's attention agrees more with the stream where blocks begin",
      "cosine of attention and stream at the first layers of the blocks behind the first", +1, kDigits,
      [&](const Run& run) { return block_start_cosine(run, run.config ? run.config->growth.block_size : 0); });
  constexpr double kPoints = 2, kNats = 0.02;
  for (Measure& group : group_measures(collection)) {
    if (group.name == "primitives, %") {
      claims.at_least_as_good("Grown models are at least as good at reasoning primitives", std::move(group), kPoints);
    }
  }
  claims.at_least_as_good("Grown models reach the baseline's loss", validation_loss(collection), kNats);
  return std::move(claims.claims);
}

}  // namespace cambium::report
