#pragma once

#include <ATen/ATen.h>

namespace cambium::ops {

/// h [n, d] float32 = rows `ids` [n] (int32) of table [vocab, d] float32.
void embedding(const at::Tensor& table, const at::Tensor& ids, at::Tensor& h);

/// dtable [vocab, d] float32 += rows of dh [n, d] float32 at their ids. Adds in the order of the rows: same bits
/// always.
void embedding_backward(const at::Tensor& dh, const at::Tensor& ids, at::Tensor& dtable);

}  // namespace cambium::ops
