#include <torch/version.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cambium/base/cpu.h"
#include "cambium/base/files.h"
#include "cambium/ops/cpu.h"
#include "cambium/ops/product_choice.h"

namespace cambium::ops {
namespace {

constexpr int64_t kMostBytes = 1 << 20;

/// The file's object; an empty one where there is none.
nlohmann::json read_object(const std::filesystem::path& file) {
  try {
    nlohmann::json object = nlohmann::json::parse(read_file(file, kMostBytes));
    return object.is_object() ? object : nlohmann::json::object();
  } catch (const std::exception&) {
    return nlohmann::json::object();
  }
}

}  // namespace

std::string product_key(c10::ScalarType type) {
  return format("{}; {}; {} threads; {}; LibTorch {}; cambium {}", cpu_name(), kernels::kernels().name,
                at::get_num_threads(), c10::toString(type), TORCH_VERSION, CAMBIUM_VERSION);
}

std::filesystem::path product_cache() {
  const auto folder = [](const char* variable) {
    const char* value = std::getenv(variable);
    return std::filesystem::path(value == nullptr ? "" : value);
  };
  std::filesystem::path cache = folder("XDG_CACHE_HOME");
  if (!cache.is_absolute()) {
    cache = folder("HOME");
    cache = cache.is_absolute() ? cache / ".cache" : "";
  }
  return cache.empty() ? cache : cache / "cambium" / "products.json";
}

std::optional<ProductChoice> read_choice(const std::filesystem::path& file, const std::string& key) {
  const nlohmann::json object = read_object(file);
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) {
    return std::nullopt;
  }
  ProductChoice choice{};
  for (size_t kind = 0; kind < choice.size(); ++kind) {
    const auto maker = found->find(kProductNames.at(kind));
    if (maker == found->end() || (*maker != "own" && *maker != "library")) {
      return std::nullopt;
    }
    choice.at(kind) = *maker == "own";
  }
  return choice;
}

void keep_choice(const std::filesystem::path& file, const std::string& key, const ProductChoice& choice) {
  try {
    nlohmann::json object = read_object(file);
    nlohmann::json makers;
    for (size_t kind = 0; kind < choice.size(); ++kind) {
      makers[kProductNames.at(kind)] = choice.at(kind) ? "own" : "library";
    }
    object[key] = makers;
    std::filesystem::create_directories(file.parent_path());
    write_file_atomic(file, object.dump(2) + '\n');
  } catch (const std::exception&) {  // a read-only home, a full disk: the next run measures again
  }
}

}  // namespace cambium::ops
