#pragma once

namespace cambium {

/// What this processor and its operating system offer for bfloat16 products. False on anything but x86-64.
bool has_avx512_bf16();
bool has_amx_bf16();

/// Threads to work with: `wanted`, or with 0 one a core.
int thread_count(int wanted);

}  // namespace cambium
