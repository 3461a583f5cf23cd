#include "cambium/base/cpu.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <thread>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cambium {
namespace {

#if defined(__x86_64__)

constexpr uint64_t kAvx512State = 0xe6;        // SSE, AVX, opmask, upper halves of ZMM 0-15, ZMM 16-31
constexpr uint64_t kAmxState = 0x60000 | 0x6;  // tile configuration and tile data, on top of SSE and AVX

/// Register states that the operating system saves and restores (XCR0); 0 where it uses no XSAVE.
uint64_t enabled_states() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kOsxsave = 1u << 27;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & kOsxsave)) {
    return 0;
  }
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

bool states_enabled(uint64_t mask) { return (enabled_states() & mask) == mask; }

#endif

}  // namespace

bool has_avx512_bf16() {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAvx512Bf16 = 1u << 5;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & kAvx512Bf16) && states_enabled(kAvx512State);
#else
  return false;
#endif
}

bool has_amx_bf16() {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAmxBf16 = 1u << 22;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & kAmxBf16) && states_enabled(kAmxState);
#else
  return false;
#endif
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      const size_t begin = line.find_first_not_of(" \t", line.find(':') + 1);
      return begin == std::string::npos ? "" : line.substr(begin);
    }
  }
  return "";
}

int thread_count(int wanted, int64_t processes) {
  const auto cores = static_cast<int64_t>(std::thread::hardware_concurrency());
  return wanted > 0 ? wanted : static_cast<int>(std::max<int64_t>(1, cores / processes));
}

}  // namespace cambium
