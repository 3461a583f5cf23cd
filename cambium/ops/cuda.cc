#include "cambium/ops/cuda.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "cambium/base/format.h"

namespace cambium::ops {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLibrary = "libcambium_cuda.so";

fs::path library() {
  if (const char* named = std::getenv("CAMBIUM_CUDA_LIBRARY"); named != nullptr && *named != '\0') {
    return named;
  }
  std::error_code ignored;
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& candidate : {beside / kLibrary, beside / ".." / "lib" / "cambium" / kLibrary}) {
    if (fs::exists(candidate, ignored)) {
      return candidate;
    }
  }
  return {};
}

Cuda load() {
  // LibTorch's CUDA libraries take seconds to load: not where there is no driver.
  if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL) == nullptr) {
    return {.why_not = "this machine has no NVIDIA driver (libcuda.so.1)"};
  }
  const fs::path path = library();
  if (path.empty()) {
    return {.why_not = format("{} is not beside the program: it was built without CUDA", kLibrary)};
  }
  void* loaded = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) {
    return {.why_not = dlerror()};
  }
  using Entry = Backend* (*)(char* why_not, size_t room);
  const auto entry = reinterpret_cast<Entry>(dlsym(loaded, "cambium_cuda_backend"));
  if (entry == nullptr) {
    return {.why_not = format("{} is of another version of cambium", path.string())};
  }
  std::array<char, 512> why_not{};
  Backend* backend = entry(why_not.data(), why_not.size());
  if (backend != nullptr) {
    register_backend(at::kCUDA, backend);
  }
  return {backend, why_not.data(), loaded};
}

}  // namespace

const Cuda& cuda() {
  static const Cuda found = load();
  return found;
}

}  // namespace cambium::ops
