#pragma once

#include <string_view>

namespace cambium::report {

/// The files that the program carries for its pages (cmake/CambiumReport.cmake embeds them).
std::string_view style_sheet();  ///< assets/report.css
std::string_view page_script();  ///< assets/report.js
std::string_view plotly();       ///< plotly.min.js; "" in a program that was built without it

}  // namespace cambium::report
