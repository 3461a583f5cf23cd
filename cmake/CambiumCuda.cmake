# The CUDA back end: libcambium_cuda.so, which the program loads when it finds a GPU (cambium/ops/cuda.h). The program
# itself is the same with it and without. Linking needs nvcc and the torch wheel that scripts/bootstrap installs anyway;
# only running it needs the rest of CUDA that the wheel depends on (scripts/bootstrap --cuda).
set(CAMBIUM_CUDA AUTO CACHE STRING "Build the CUDA back end: ON, OFF, or AUTO (where nvcc and LibTorch's CUDA part are)")
set_property(CACHE CAMBIUM_CUDA PROPERTY STRINGS AUTO ON OFF)
set(CAMBIUM_CUDA_ARCHITECTURES "80-real;90" CACHE STRING "GPUs to compile for: Ampere, Hopper and, just in time, newer")

function(cambium_cuda_missing reason)
  if(CAMBIUM_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA back end: not built (${reason})")
  else()
    message(FATAL_ERROR "CAMBIUM_CUDA=${CAMBIUM_CUDA}, but ${reason}.")
  endif()
endfunction()

function(cambium_add_cuda)
  find_package(CUDAToolkit 12.4 QUIET)
  if(NOT CUDAToolkit_FOUND OR NOT CUDAToolkit_NVCC_EXECUTABLE)
    cambium_cuda_missing("no CUDA toolkit >= 12.4 was found; put nvcc on the PATH or give -DCUDAToolkit_ROOT=<folder>")
    return()
  endif()
  set(torch_cuda ${CAMBIUM_TORCH_ROOT}/lib/libtorch_cuda.so ${CAMBIUM_TORCH_ROOT}/lib/libc10_cuda.so)
  foreach(library ${torch_cuda})
    if(NOT EXISTS ${library})
      cambium_cuda_missing("the LibTorch in ${CAMBIUM_TORCH_ROOT} is a CPU build: ${library} is missing")
      return()
    endif()
  endforeach()
  if(NOT TARGET CUDA::cublasLt OR NOT TARGET CUDA::cudart)
    cambium_cuda_missing("the CUDA toolkit lacks cublasLt or cudart")
    return()
  endif()
  if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${CAMBIUM_CUDA_ARCHITECTURES})
  enable_language(CUDA)
  message(STATUS "CUDA back end: CUDA ${CUDAToolkit_VERSION}, for ${CAMBIUM_CUDA_ARCHITECTURES}")

  file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cambium/ops/cuda/*.cu)
  add_library(cambium_cuda_kernels OBJECT ${kernels})
  target_include_directories(cambium_cuda_kernels PRIVATE ${PROJECT_SOURCE_DIR})
  set_target_properties(cambium_cuda_kernels PROPERTIES CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON CUDA_EXTENSIONS OFF)
  target_compile_options(cambium_cuda_kernels PRIVATE -Xcompiler=-Wall,-Wextra)
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
  set_target_properties(cambium_cuda PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/apps/cambium
    BUILD_RPATH "${CAMBIUM_TORCH_ROOT}/lib;${wheels}/cu13/lib;${wheels}/cublas/lib;${wheels}/cuda_runtime/lib"
    INSTALL_RPATH "${CAMBIUM_TORCH_ROOT}/lib;${wheels}/cu13/lib;${wheels}/cublas/lib;${wheels}/cuda_runtime/lib")
  install(TARGETS cambium_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/cambium)
endfunction()

if(CAMBIUM_CUDA)  # AUTO counts as true
  cambium_add_cuda()
endif()
