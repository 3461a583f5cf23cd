#include "cambium/report/assets.h"

// Each file as it is, in the read-only part of the program. A zero byte keeps the label of its end its own.
#define CAMBIUM_EMBED(name, file)                 \
  asm(".pushsection .rodata\n"                    \
      ".balign 16\n" #name                        \
      "_begin:\n"                                 \
      ".incbin \"" file "\"\n" #name              \
      "_end:\n"                                   \
      ".byte 0\n"                                 \
      ".popsection\n");                           \
  extern "C" {                                    \
  extern const char name##_begin[], name##_end[]; \
  }

CAMBIUM_EMBED(cambium_report_style, CAMBIUM_REPORT_CSS)
CAMBIUM_EMBED(cambium_report_script, CAMBIUM_REPORT_JS)
CAMBIUM_EMBED(cambium_report_plotly, CAMBIUM_REPORT_PLOTLY)

namespace cambium::report {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

}  // namespace

std::string_view style_sheet() { return between(cambium_report_style_begin, cambium_report_style_end); }
std::string_view page_script() { return between(cambium_report_script_begin, cambium_report_script_end); }
std::string_view plotly() { return between(cambium_report_plotly_begin, cambium_report_plotly_end); }

}  // namespace cambium::report
