# LibTorch as the target cambium_torch: from the pinned wheel that scripts/bootstrap unpacks, or any other LibTorch >= 2.8
# found through CMAKE_PREFIX_PATH (the unpacked libtorch archive, or the torch folder of a Python environment).
# find_package(Torch) of a CUDA wheel demands a CUDA toolkit even from a CPU program, so the target is made by hand.
set(CAMBIUM_DEPS "$ENV{CAMBIUM_DEPS}" CACHE PATH "Where scripts/bootstrap put the Python wheels")
if(NOT CAMBIUM_DEPS)
  set(CAMBIUM_DEPS ${PROJECT_SOURCE_DIR}/.deps)
endif()

# Looked for at every configuration: the folder may have been given, changed or removed since the last one.
file(GLOB wheel_root ${CAMBIUM_DEPS}/venv/lib/python3*/site-packages/torch)
unset(torch_include CACHE)
find_path(torch_include ATen/ATen.h
          PATH_SUFFIXES include torch/include libtorch/include ../../include  # the last: torch.utils.cmake_prefix_path
          HINTS ${CMAKE_PREFIX_PATH} ${wheel_root} NO_CACHE)
if(NOT torch_include)
  message(FATAL_ERROR "LibTorch was not found.\n"
          "  HINT: run scripts/bootstrap, which puts the pinned one into ${CAMBIUM_DEPS}, "
          "or give -DCMAKE_PREFIX_PATH=<folder of a LibTorch >= 2.8>.")
endif()
get_filename_component(torch_root ${torch_include}/.. REALPATH)
set(CAMBIUM_TORCH_ROOT ${torch_root})

set(torch_version_file ${torch_root}/include/torch/headeronly/version.h)
if(NOT EXISTS ${torch_version_file})  # LibTorch < 2.9
  set(torch_version_file ${torch_root}/include/torch/csrc/api/include/torch/version.h)
endif()
file(READ ${torch_version_file} torch_version_header)
string(REGEX MATCH "TORCH_VERSION_MAJOR ([0-9]+)" _ "${torch_version_header}")
set(CAMBIUM_TORCH_VERSION ${CMAKE_MATCH_1})
string(REGEX MATCH "TORCH_VERSION_MINOR ([0-9]+)" _ "${torch_version_header}")
string(APPEND CAMBIUM_TORCH_VERSION .${CMAKE_MATCH_1})
if(CAMBIUM_TORCH_VERSION VERSION_LESS 2.8)
  message(FATAL_ERROR "LibTorch ${CAMBIUM_TORCH_VERSION} in ${torch_root} is too old: 2.8 or newer is needed.")
endif()
message(STATUS "LibTorch ${CAMBIUM_TORCH_VERSION}: ${torch_root}")

set(torch_libraries ${torch_root}/lib/libtorch_cpu.so ${torch_root}/lib/libc10.so)
foreach(library ${torch_libraries})
  if(NOT EXISTS ${library})
    message(FATAL_ERROR "${library} is missing: this LibTorch is not complete.")
  endif()
endforeach()

add_library(cambium_torch INTERFACE)
target_include_directories(cambium_torch SYSTEM INTERFACE ${torch_root}/include
                           ${torch_root}/include/torch/csrc/api/include)
# ATen's loops over threads are compiled into our code, and ask LibTorch which thread they are on. Its OpenMP is GCC's: of
# Clang's, all threads would be the first one, and share what each should have of its own.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(STATUS "Clang: our ops run on one thread; build with GCC for anything but sanitizers")
else()
  target_compile_options(cambium_torch INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
endif()
# The OpenMP runtime that LibTorch brings, so that a process holds one thread pool; else the compiler's.
file(GLOB torch_openmp ${torch_root}/lib/libgomp*.so*)
if(torch_openmp)
  list(GET torch_openmp 0 torch_openmp)
  list(APPEND torch_libraries ${torch_openmp})
else()
  target_link_options(cambium_torch INTERFACE -fopenmp)
endif()
target_link_libraries(cambium_torch INTERFACE ${torch_libraries})
# The linker need not see what libtorch_cpu.so finds at run time through its own rpath.
target_link_options(cambium_torch INTERFACE -Wl,--allow-shlib-undefined)

# --- installing -----------------------------------------------------------------------------------------------------
# An installed binary finds LibTorch where it lies now, or, with this option, beside itself.
option(CAMBIUM_INSTALL_LIBTORCH "cmake --install copies LibTorch's CPU libraries into lib/cambium" OFF)
if(CAMBIUM_INSTALL_LIBTORCH)
  if(CAMBIUM_CUDA STREQUAL "ON")
    message(FATAL_ERROR "CAMBIUM_INSTALL_LIBTORCH copies the CPU libraries only; it does not go with CAMBIUM_CUDA=ON.")
  endif()
  set(CMAKE_INSTALL_RPATH $ORIGIN/../${CMAKE_INSTALL_LIBDIR}/cambium)
  file(GLOB torch_needs ${torch_root}/../nvidia/*/lib/libcudart.so.* ${torch_root}/../nvidia/*/lib/libcupti.so.*)
  install(FILES ${torch_libraries} ${torch_needs} DESTINATION ${CMAKE_INSTALL_LIBDIR}/cambium)
else()
  set(CMAKE_INSTALL_RPATH ${torch_root}/lib)
endif()
