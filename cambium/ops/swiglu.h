#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// y [n, f] = silu(gate) · up with gate_up [n, 2 f] = gate | up (Shazeer 2020).
void swiglu(const at::Tensor& gate_up, at::Tensor& y);

/// Overwrites gate_up with its gradient, from dy [n, f].
void swiglu_backward(const at::Tensor& dy, at::Tensor& gate_up);

}  // namespace cambium::ops
