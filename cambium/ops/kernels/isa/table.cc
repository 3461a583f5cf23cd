// The table of one instruction set: compiled once for each, with CAMBIUM_ISA its name.

#include "cambium/ops/kernels/isa/attention.h"
#include "cambium/ops/kernels/isa/products.h"
#include "cambium/ops/kernels/isa/row_kernels.h"
#include "cambium/ops/kernels/tables.h"

#define CAMBIUM_STRING_OF(name) #name
#define CAMBIUM_STRING(name) CAMBIUM_STRING_OF(name)

CAMBIUM_NAMESPACE_BEGIN

template <typename T>
constexpr TypedKernels<T> typed_kernels() {
  return {.pack_columns = pack_columns<T>,
          .pack_rows = pack_rows<T>,
          .multiply = multiply<T>,
          .multiply_add = multiply_add<T>,
          .multiply_swiglu = multiply_swiglu<T>,
          .multiply_swiglu_backward = multiply_swiglu_backward<T>,
          .weight_grad = weight_grad<T>,
          .attention = attention<T>,
          .attention_backward = attention_backward<T>,
          .rms_norm = rms_norm<T>,
          .rms_norm_backward = rms_norm_backward<T>,
          .swiglu = swiglu<T>,
          .swiglu_backward = swiglu_backward<T>,
          .rope = rope<T>,
          .residual_add = residual_add<T>,
          .cast = cast<T>,
          .loss = loss<T>};
}

const Kernels kTable{.name = CAMBIUM_STRING(CAMBIUM_ISA),
                     .float32 = typed_kernels<float>(),
                     .bfloat16 = typed_kernels<BFloat16>(),
                     .adamw = adamw,
                     .sum_squares = sum_squares};

CAMBIUM_NAMESPACE_END
