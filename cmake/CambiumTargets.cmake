# cambium_library(<name> [DIR <folder below cambium/>] [TORCH] [UNITY] [LINK <targets>...] [PRIVATE_LINK <targets>...])
# One static library from every .cc of its folder. TORCH gives it LibTorch and its precompiled header;
# without it the folder cannot include LibTorch, which keeps it quick to build and fit for sanitizers. UNITY: several of
# its files are compiled as one (not for folders of kernels).
function(cambium_library name)
  cmake_parse_arguments(arg "TORCH;UNITY" "DIR" "LINK;PRIVATE_LINK" ${ARGN})
  if(NOT arg_DIR)
    set(arg_DIR ${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cambium/${arg_DIR}/*.cc
       ${PROJECT_SOURCE_DIR}/cambium/${arg_DIR}/synth/*.cc)
  if(NOT sources)
    message(STATUS "cambium/${arg_DIR}: nothing yet")
    file(WRITE ${PROJECT_BINARY_DIR}/empty.cc "")
    set(sources ${PROJECT_BINARY_DIR}/empty.cc)
  endif()
  add_library(cambium_${name} STATIC ${sources})
  add_library(cambium::${name} ALIAS cambium_${name})
  target_link_libraries(cambium_${name} PUBLIC cambium_options ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
  if(arg_TORCH)
    cambium_use_torch(cambium_${name})
  endif()
  if(arg_UNITY)
    cambium_unity(cambium_${name})
  endif()
endfunction()

# Compiles the target's files in groups, where CAMBIUM_UNITY asks for it: most of what a file takes is headers.
function(cambium_unity target)
  if(CAMBIUM_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # A file's own class may use the file's anonymous namespace; the compiler takes the file for a header here.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# What most of our headers include: parsing it is a third of what a file takes to compile.
set(cambium_common_headers <algorithm> <chrono> <filesystem> <functional> <map> <memory> <optional> <string> <vector>
    <nlohmann/json.hpp> ${PROJECT_SOURCE_DIR}/cambium/base/format.h)

# Gives a target LibTorch, and the one precompiled header that all LibTorch users share.
function(cambium_use_torch target)
  target_link_libraries(${target} PUBLIC cambium_torch)
  if(NOT TARGET cambium_torch_pch)
    file(WRITE ${PROJECT_BINARY_DIR}/torch_pch.cc "// Only carries the precompiled header.\n")
    add_library(cambium_torch_pch STATIC ${PROJECT_BINARY_DIR}/torch_pch.cc)
    target_link_libraries(cambium_torch_pch PUBLIC cambium_options cambium_torch fmt::fmt-header-only
                                                   nlohmann_json::nlohmann_json)
    target_precompile_headers(cambium_torch_pch PRIVATE <ATen/ATen.h> ${cambium_common_headers})
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL EXECUTABLE)  # the header was compiled with -fPIC; CMake would compile a program with -fPIE
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM cambium_torch_pch)
endfunction()
