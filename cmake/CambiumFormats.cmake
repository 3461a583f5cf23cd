# Readers that need a library of their own.

# Parquet: libcambium_parquet.so, which the program loads when it meets such a file (cambium/formats/parquet.h). The
# program itself is the same with it and without.
if(CAMBIUM_PARQUET)
  file(GLOB arrow_wheel ${CAMBIUM_DEPS}/venv/lib/python3*/site-packages/pyarrow)
  find_path(arrow_include parquet/file_reader.h PATH_SUFFIXES include HINTS ${CAMBIUM_ARROW_ROOT} ${arrow_wheel} NO_CACHE)
  foreach(name arrow parquet)  # a wheel has no libarrow.so, only libarrow.so.<version>
    get_filename_component(arrow_root ${arrow_include}/.. ABSOLUTE)
    file(GLOB ${name}_library ${arrow_root}/lib${name}.so.*)
    list(FILTER ${name}_library INCLUDE REGEX "so\\.[0-9]+$")
    if(NOT ${name}_library)
      find_library(${name}_library ${name} NO_CACHE)
    endif()
  endforeach()
  if(arrow_include AND arrow_library AND parquet_library)
    message(STATUS "Arrow C++: ${parquet_library}")
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cambium/formats/parquet/*.cc)
    add_library(cambium_parquet SHARED ${sources})
    target_include_directories(cambium_parquet SYSTEM PRIVATE ${arrow_include})
    target_link_libraries(cambium_parquet PRIVATE cambium_options fmt::fmt-header-only ${parquet_library} ${arrow_library})
    target_link_options(cambium_parquet PRIVATE -Wl,--allow-shlib-undefined)
    get_filename_component(arrow_folder ${arrow_library} DIRECTORY)
    # Beside the program, which looks for it there.
    set_target_properties(cambium_parquet PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/apps/cambium
                          BUILD_RPATH "${arrow_folder}" INSTALL_RPATH "${arrow_folder}")
    install(TARGETS cambium_parquet LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cambium)
  else()
    message(STATUS "Parquet: not built (no Arrow C++; scripts/bootstrap puts it into ${CAMBIUM_DEPS})")
  endif()
endif()

# SentencePiece models.
if(CAMBIUM_SENTENCEPIECE)
  pkg_check_modules(SENTENCEPIECE QUIET IMPORTED_TARGET GLOBAL sentencepiece)
  if(SENTENCEPIECE_FOUND)
    target_compile_definitions(cambium_text PRIVATE CAMBIUM_HAVE_SENTENCEPIECE=1)
    target_link_libraries(cambium_text PRIVATE sentencepiece)
  else()
    message(STATUS "SentencePiece was not found (libsentencepiece-dev): such models will be refused")
  endif()
endif()
