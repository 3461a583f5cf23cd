#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cambium/report/measure.h"

namespace cambium::report {

/// One comparison that a claim of "Do Depth-Grown Models Overcome the Curse of Depth?" (Kapl et al. 2025) predicts.
struct Comparison {
  size_t variant, other;  ///< of the collection
  Difference difference;  ///< variant minus other
};

struct Claim {
  /// What the difference shows, by its t interval.
  enum class Verdict { kAgrees, kDisagrees, kOpen };

  std::string statement;  ///< of the paper, in few words
  std::string quantity;   ///< what is measured for it here
  Measure measure;
  double sign;        ///< of the difference that the claim predicts: +1 or −1
  double margin = 0;  ///< "at least as good": as far on the wrong side still counts as as good
  std::vector<Comparison> comparisons;

  Verdict verdict(const Difference& difference) const;
};

/// The paper's claims that the collection can speak to: models grown by MIDAS and LIDAS against the full-depth
/// baseline, and LIDAS against MIDAS. Variants that were branched off or made symmetric are left out.
std::vector<Claim> find_claims(const Collection& collection);

}  // namespace cambium::report
