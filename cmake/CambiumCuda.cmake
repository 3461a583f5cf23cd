# The CUDA back end: libcambium_cuda.so, which the program loads when it finds a GPU (cambium/ops/cuda.h). The program
# itself is the same with it and without. Linking needs nvcc and the torch wheel that scripts/bootstrap installs anyway;
# only running it needs the rest of CUDA that the wheel depends on (scripts/bootstrap --cuda).
set(CAMBIUM_CUDA AUTO CACHE STRING "Build the CUDA back end: ON, OFF, or AUTO (where nvcc and LibTorch's CUDA part are)")
set_property(CACHE CAMBIUM_CUDA PROPERTY STRINGS AUTO ON OFF)
set(CAMBIUM_CUDA_ARCHITECTURES "80-real;90" CACHE STRING "GPUs to compile for: Ampere, Hopper and, just in time, newer")

# Why it cannot be built here, in the variable `cuda_missing`; "" where it can. (Not in a function: languages are enabled
# for the file that asks.)
set(cuda_missing "")
if(CAMBIUM_CUDA)
  find_package(CUDAToolkit 12.4 QUIET)
  set(torch_cuda ${CAMBIUM_TORCH_ROOT}/lib/libtorch_cuda.so ${CAMBIUM_TORCH_ROOT}/lib/libc10_cuda.so)
  list(GET torch_cuda 0 torch_cuda_first)
  if(NOT CUDAToolkit_FOUND OR NOT CUDAToolkit_NVCC_EXECUTABLE)
    set(cuda_missing "no CUDA toolkit >= 12.4 was found: put nvcc on the PATH or give -DCUDAToolkit_ROOT=<folder>")
  elseif(NOT TARGET CUDA::cublasLt OR NOT TARGET CUDA::cudart)
    set(cuda_missing "the CUDA toolkit in ${CUDAToolkit_BIN_DIR} lacks cublasLt or cudart")
  elseif(NOT EXISTS ${torch_cuda_first})
    set(cuda_missing "the LibTorch in ${CAMBIUM_TORCH_ROOT} is a CPU build: ${torch_cuda_first} is missing")
  endif()
  if(cuda_missing AND NOT CAMBIUM_CUDA STREQUAL "AUTO")
    message(FATAL_ERROR "CAMBIUM_CUDA=${CAMBIUM_CUDA}, but ${cuda_missing}.")
  elseif(cuda_missing)
    message(STATUS "CUDA back end: not built (${cuda_missing})")
  endif()
endif()

if(CAMBIUM_CUDA AND NOT cuda_missing)
  if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${CAMBIUM_CUDA_ARCHITECTURES})
  enable_language(CUDA)
  message(STATUS "CUDA back end: CUDA ${CUDAToolkit_VERSION}, for ${CAMBIUM_CUDA_ARCHITECTURES}")

  file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cambium/ops/cuda/*.cu)
  add_library(cambium_cuda_kernels OBJECT ${kernels})
  target_include_directories(cambium_cuda_kernels PRIVATE ${PROJECT_SOURCE_DIR})
  # The standard by its flag: CMake 3.25 does not know that nvcc 13 has it, and would take it over from C++.
  set_target_properties(cambium_cuda_kernels PROPERTIES CUDA_STANDARD_REQUIRED OFF)
  target_compile_options(cambium_cuda_kernels PRIVATE -std=c++20 -Xcompiler=-Wall,-Wextra)
  if(CAMBIUM_WERROR)
    target_compile_options(cambium_cuda_kernels PRIVATE --Werror=all-warnings)
  endif()

  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cambium/ops/cuda/*.cc)
  add_library(cambium_cuda SHARED ${sources} $<TARGET_OBJECTS:cambium_cuda_kernels>)
  cambium_use_torch(cambium_cuda)
  target_include_directories(cambium_cuda SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
  target_link_libraries(cambium_cuda PRIVATE cambium::base ${torch_cuda} CUDA::cublasLt CUDA::cudart)
  # Beside the program, which looks for it there. CUDA's own libraries are those that LibTorch runs with.
  set(wheels ${CAMBIUM_TORCH_ROOT}/../nvidia)
  set(cuda_rpath "${CAMBIUM_TORCH_ROOT}/lib;${wheels}/cu13/lib;${wheels}/cublas/lib;${wheels}/cuda_runtime/lib")
  set_target_properties(cambium_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/apps/cambium
                        BUILD_RPATH "${cuda_rpath}" INSTALL_RPATH "${cuda_rpath}")
  install(TARGETS cambium_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cambium)
endif()
