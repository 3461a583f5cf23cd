#pragma once

#include <string>

namespace cambium {

/// What this processor and its operating system offer for bfloat16 products. False on anything but x86-64.
bool has_avx512_bf16();
bool has_amx_bf16();

/// The processor's name as the system has it; "" where it does not say.
std::string cpu_name();

/// Threads to work with: `wanted`, or with 0 one a core, shared with the other `processes` of this machine that ask.
int thread_count(int wanted, int64_t processes = 1);

}  // namespace cambium
