#include "cambium/ops/kernels/kernels.h"

#include <cstdlib>
#include <string_view>

#include "cambium/base/error.h"
#include "cambium/ops/kernels/attention_scratch.h"
#include "cambium/ops/kernels/tables.h"

namespace cambium::ops::kernels {
namespace {

struct Candidate {
  const Kernels* table;
  bool runs_here;
};

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
}
bool runs_here(const Kernels& table) {
  const std::string_view name = table.name;
  if (name == "avx512_bf16") {
    return has_avx512() && __builtin_cpu_supports("avx512bf16");
  }
  return name != "avx512" || has_avx512();
}
#else
bool runs_here(const Kernels&) { return true; }
#endif

/// From the narrowest instruction set to the widest.
#define CAMBIUM_TABLE_OF(isa) &isa::kTable,
const Kernels* const kTables[] = {CAMBIUM_EACH_ISA(CAMBIUM_TABLE_OF)};
#undef CAMBIUM_TABLE_OF

const Kernels& choose() {
  const char* wanted = std::getenv("CAMBIUM_KERNELS");
  const Kernels* widest = nullptr;
  std::string names;
  for (const Kernels* table : kTables) {
    if (!runs_here(*table)) {
      continue;
    }
    widest = table;
    names += names.empty() ? "" : ", ";
    names += table->name;
    if (wanted != nullptr && std::string_view(wanted) == table->name) {
      return *table;
    }
  }
  if (wanted != nullptr && *wanted != '\0') {
    throw InvalidArgument(format("[CAMBIUM_KERNELS] expected one of {} on this machine, got '{}'", names, wanted));
  }
  return *widest;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

int64_t attention_scratch(int64_t tk, int64_t head_dim) { return AttentionScratch({}, tk, head_dim).used; }

int64_t attention_backward_scratch(int64_t t, int64_t head_dim) {
  return AttentionBackwardScratch({}, t, head_dim).used;
}

}  // namespace cambium::ops::kernels
