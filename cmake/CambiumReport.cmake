# Pages are text: nothing is hot, so the library is compiled quickly.
add_library(cambium_quick INTERFACE)
target_compile_options(cambium_quick INTERFACE -O1)
target_link_libraries(cambium_report PRIVATE cambium_quick)  # behind the options of all, which it overrides
target_precompile_headers(cambium_report PRIVATE ${cambium_common_headers})

# The files that the report's pages carry, embedded in the program: style, script, and Plotly (the wheel's plotly.min.js).
set(CAMBIUM_PLOTLY "" CACHE FILEPATH "plotly.min.js; empty: that of the wheel in CAMBIUM_DEPS")
set(plotly_file ${CAMBIUM_PLOTLY})
if(NOT plotly_file)
  file(GLOB plotly_file ${CAMBIUM_DEPS}/venv/lib/python3*/site-packages/plotly/package_data/plotly.min.js)
endif()
if(NOT plotly_file)
  message(WARNING "plotly.min.js was not found: reports will have tables but no plots. scripts/bootstrap puts it into "
                  "${CAMBIUM_DEPS}; -DCAMBIUM_PLOTLY=FILE names another")
  set(plotly_file ${PROJECT_BINARY_DIR}/no-plotly.js)
  file(WRITE ${plotly_file} "")
endif()
message(STATUS "Plotly: ${plotly_file}")
set(report_assets ${PROJECT_SOURCE_DIR}/cambium/report/assets)
set_source_files_properties(cambium/report/assets.cc PROPERTIES
  COMPILE_DEFINITIONS "CAMBIUM_REPORT_CSS=\"${report_assets}/report.css\";CAMBIUM_REPORT_JS=\"${report_assets}/report.js\";CAMBIUM_REPORT_PLOTLY=\"${plotly_file}\""
  OBJECT_DEPENDS "${report_assets}/report.css;${report_assets}/report.js;${plotly_file}")
