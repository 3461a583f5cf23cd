# The CPU kernels, compiled once for each instruction set; which one runs is chosen when the program starts
# (cambium/ops/kernels/kernels.cc). The names are those of kernels/tables.h.
function(cambium_kernels isa)
  add_library(cambium_kernels_${isa} OBJECT ${PROJECT_SOURCE_DIR}/cambium/ops/kernels/isa/table.cc)
  target_link_libraries(cambium_kernels_${isa} PRIVATE cambium_options)
  target_compile_definitions(cambium_kernels_${isa} PRIVATE CAMBIUM_ISA=${isa})
  # Whole vectors and fused multiply-adds; casts between vectors are C-style, as their intrinsics' are.
  target_compile_options(cambium_kernels_${isa} PRIVATE -O3 -fopenmp-simd -ffp-contract=fast -Wno-psabi ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105593: its own AVX-512 intrinsics start from an undefined vector and warn of it.
    target_compile_options(cambium_kernels_${isa} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
  target_sources(cambium_kernels PRIVATE $<TARGET_OBJECTS:cambium_kernels_${isa}>)
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # Single instruction sets, not -march: of several -march the last one wins, and that is CAMBIUM_MARCH's.
  set(avx2 -mavx2 -mfma -mf16c -mbmi -mbmi2)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl -mprefer-vector-width=512)
  cambium_kernels(avx2 ${avx2})
  cambium_kernels(avx512 ${avx512})
  cambium_kernels(avx512_bf16 ${avx512} -mavx512bf16)
else()
  cambium_kernels(generic)
endif()
