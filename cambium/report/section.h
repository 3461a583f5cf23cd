#pragma once

#include <string>

#include "cambium/report/collect.h"
#include "cambium/report/html.h"

namespace cambium::report {

/// A part of the page. `body` is "" where there is nothing to show: the page then leaves it out.
struct Section {
  std::string id, title;
  std::string body;  ///< HTML
};

/// Each reads what it shows from the collection and gives its part of the page.
Section summary_section(const Collection& collection, const Links& links);
Section results_section(const Collection& collection, const Links& links);   ///< Table 1, paired differences
Section claims_section(const Collection& collection, const Links& links);    ///< the paper's, and what is seen of them
Section tasks_section(const Collection& collection, const Links& links);     ///< every task
Section training_section(const Collection& collection, const Links& links);  ///< curves
Section growth_section(const Collection& collection, const Links& links);    ///< events and lineage
Section depth_section(const Collection& collection, const Links& links);     ///< depth score, skipping, early exit
Section order_section(const Collection& collection, const Links& links);     ///< removing, swapping, reversing
Section sublayer_section(const Collection& collection, const Links& links);  ///< contributions, cosines, cycles
Section similarity_section(const Collection& collection, const Links& links);  ///< weights, streams
Section attention_section(const Collection& collection, const Links& links);
Section signatures_section(const Collection& collection, const Links& links);
Section made_section(const Collection& collection, const Links& links);  ///< how this was made

/// "lidas" with its colour before it, as text of a table's head or row.
std::string variant_name(const Collection& collection, size_t variant);

}  // namespace cambium::report
