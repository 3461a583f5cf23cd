# Third-party libraries. Distribution packages through their own CMake or pkg-config files; LibTorch from the pinned
# wheel that scripts/bootstrap unpacks, or any other LibTorch >= 2.8 found through CMAKE_PREFIX_PATH.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(zstd REQUIRED)
find_package(ZLIB REQUIRED)
if(NOT TARGET zstd::zstd)
  add_library(zstd::zstd ALIAS zstd::libzstd_shared)
endif()

pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET GLOBAL libpcre2-8)
add_library(PCRE2::PCRE2 ALIAS PkgConfig::PCRE2)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET GLOBAL libxxhash)
add_library(xxHash::xxHash ALIAS PkgConfig::XXHASH)

# --- LibTorch -------------------------------------------------------------------------------------------------------
# find_package(Torch) of a CUDA wheel demands a CUDA toolkit even from a CPU program, so the target is made by hand.
set(CAMBIUM_DEPS "$ENV{CAMBIUM_DEPS}" CACHE PATH "Where scripts/bootstrap put the Python wheels")
if(NOT CAMBIUM_DEPS)
  set(CAMBIUM_DEPS ${PROJECT_SOURCE_DIR}/.deps)
endif()
file(GLOB torch_roots ${CAMBIUM_DEPS}/venv/lib/python3*/site-packages/torch)
find_path(CAMBIUM_TORCH_INCLUDE ATen/ATen.h PATH_SUFFIXES include torch/include HINTS ${CMAKE_PREFIX_PATH} ${torch_roots})
if(NOT CAMBIUM_TORCH_INCLUDE)
  message(FATAL_ERROR "LibTorch was not found.\n"
          "  HINT: run scripts/bootstrap, which puts the pinned one into ${CAMBIUM_DEPS}, "
          "or give -DCMAKE_PREFIX_PATH=<folder of a LibTorch >= 2.8>.")
endif()
get_filename_component(torch_root ${CAMBIUM_TORCH_INCLUDE} DIRECTORY)
set(torch_version_file ${torch_root}/include/torch/headeronly/version.h)
if(NOT EXISTS ${torch_version_file})  # LibTorch < 2.9
  set(torch_version_file ${torch_root}/include/torch/csrc/api/include/torch/version.h)
endif()
file(READ ${torch_version_file} torch_version_header)
string(REGEX MATCH "TORCH_VERSION_MAJOR ([0-9]+)" _ "${torch_version_header}")
set(torch_major ${CMAKE_MATCH_1})
string(REGEX MATCH "TORCH_VERSION_MINOR ([0-9]+)" _ "${torch_version_header}")
set(CAMBIUM_TORCH_VERSION ${torch_major}.${CMAKE_MATCH_1})
if(CAMBIUM_TORCH_VERSION VERSION_LESS 2.8)
  message(FATAL_ERROR "LibTorch ${CAMBIUM_TORCH_VERSION} in ${torch_root} is too old: 2.8 or newer is needed.")
endif()
message(STATUS "LibTorch ${CAMBIUM_TORCH_VERSION}: ${torch_root}")

add_library(cambium_torch INTERFACE)
target_include_directories(cambium_torch SYSTEM INTERFACE ${torch_root}/include
                           ${torch_root}/include/torch/csrc/api/include)
target_link_libraries(cambium_torch INTERFACE ${torch_root}/lib/libtorch_cpu.so ${torch_root}/lib/libc10.so)
# The OpenMP runtime inside LibTorch, so that a process holds one thread pool.
file(GLOB torch_gomp ${torch_root}/lib/libgomp*.so*)
if(torch_gomp)
  list(GET torch_gomp 0 torch_gomp)
  target_link_libraries(cambium_torch INTERFACE ${torch_gomp})
endif()
# Without these two the linker refuses what libtorch_cpu.so finds at run time through its own rpath.
target_link_options(cambium_torch INTERFACE -Wl,--allow-shlib-undefined -Wl,-rpath,${torch_root}/lib)
