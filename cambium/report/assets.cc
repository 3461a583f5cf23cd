#include "cambium/report/assets.h"

#include "cambium/base/embed.h"

namespace cambium::report {

CAMBIUM_EMBED(style_sheet, CAMBIUM_REPORT_CSS)
CAMBIUM_EMBED(page_script, CAMBIUM_REPORT_JS)
CAMBIUM_EMBED(plotly, CAMBIUM_REPORT_PLOTLY)

}  // namespace cambium::report
