// The fuzzer of one target, with libFuzzer: cambium_fuzz TARGET [options and corpora of libFuzzer]. Built by the preset
// "fuzz"; scripts/fuzz runs all targets.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fuzz/targets.h"

namespace {

const cambium::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const std::string name = *argc > 1 ? (*argv)[1] : "";
  for (const cambium::fuzz::Target& target : cambium::fuzz::targets()) {
    if (target.name == name) {
      chosen = &target;
    }
  }
  if (chosen == nullptr) {
    std::fprintf(stderr, "cambium_fuzz: expected the name of a target:");
    for (const cambium::fuzz::Target& target : cambium::fuzz::targets()) {
      std::fprintf(stderr, " %s", target.name);
    }
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  for (int i = 1; i + 1 < *argc; ++i) {
    (*argv)[i] = (*argv)[i + 1];
  }
  --*argc;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cambium::fuzz::run(*chosen, {reinterpret_cast<const char*>(data), size});
  return 0;
}
