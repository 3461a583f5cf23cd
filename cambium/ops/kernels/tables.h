#pragma once

#include "cambium/ops/kernels/kernels.h"

// The tables that this build has, one an instruction set.

#if defined(__x86_64__)
#define CAMBIUM_EACH_ISA(apply) apply(avx2) apply(avx512) apply(avx512_bf16)
#else
#define CAMBIUM_EACH_ISA(apply) apply(generic)
#endif

#define CAMBIUM_DECLARE_TABLE(isa)       \
  namespace cambium::ops::kernels::isa { \
  extern const Kernels kTable;           \
  }
CAMBIUM_EACH_ISA(CAMBIUM_DECLARE_TABLE)
#undef CAMBIUM_DECLARE_TABLE
