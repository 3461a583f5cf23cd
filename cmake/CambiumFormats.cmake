# Optional readers. The libraries are found and handed to the folder that reads them, with a definition
# CAMBIUM_HAVE_<NAME>; without the option that folder refuses such files by name.
if(CAMBIUM_PARQUET)
  file(GLOB arrow_wheel ${CAMBIUM_DEPS}/venv/lib/python3*/site-packages/pyarrow)
  find_path(arrow_include parquet/arrow/reader.h PATH_SUFFIXES include HINTS ${arrow_wheel} NO_CACHE)
  foreach(name arrow parquet)  # a wheel has no libarrow.so, only libarrow.so.<version>
    file(GLOB ${name}_library ${arrow_include}/../lib${name}.so.*)
    list(FILTER ${name}_library INCLUDE REGEX "so\\.[0-9]+$")
    if(NOT ${name}_library)
      find_library(${name}_library ${name} NO_CACHE)
    endif()
  endforeach()
  if(NOT arrow_include OR NOT arrow_library OR NOT parquet_library)
    message(FATAL_ERROR "CAMBIUM_PARQUET=ON, but Arrow C++ with Parquet was not found.\n"
            "  HINT: scripts/bootstrap --parquet puts it into ${CAMBIUM_DEPS}.")
  endif()
  message(STATUS "Arrow C++: ${parquet_library}")
  add_library(cambium_parquet INTERFACE)
  target_include_directories(cambium_parquet SYSTEM INTERFACE ${arrow_include})
  target_link_libraries(cambium_parquet INTERFACE ${parquet_library} ${arrow_library})
  target_link_options(cambium_parquet INTERFACE -Wl,--allow-shlib-undefined)
  target_compile_definitions(cambium_parquet INTERFACE CAMBIUM_HAVE_PARQUET=1)
  target_link_libraries(cambium_formats PUBLIC cambium_parquet)
endif()

if(CAMBIUM_SENTENCEPIECE)
  pkg_check_modules(SENTENCEPIECE IMPORTED_TARGET GLOBAL sentencepiece)
  if(NOT SENTENCEPIECE_FOUND)
    message(FATAL_ERROR "CAMBIUM_SENTENCEPIECE=ON, but the library was not found.\n"
            "  HINT: install libsentencepiece-dev.")
  endif()
  target_compile_definitions(cambium_text PUBLIC CAMBIUM_HAVE_SENTENCEPIECE=1)
  target_link_libraries(cambium_text PUBLIC PkgConfig::SENTENCEPIECE)
endif()
