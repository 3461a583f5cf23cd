#include "cambium/ops/products.h"

#include <cstdlib>
#include <string_view>

#include "cambium/base/error.h"
#include "cambium/ops/product_choice.h"

namespace cambium::ops {
namespace {

std::optional<ProductChoice> forced() {
  const char* wanted = std::getenv("CAMBIUM_PRODUCTS");
  const std::string_view name = wanted == nullptr ? "" : wanted;
  if (!name.empty() && name != "own" && name != "library") {
    throw InvalidArgument(format("[CAMBIUM_PRODUCTS] expected own or library, got '{}'", name));
  }
  if (name.empty()) {
    return std::nullopt;
  }
  const bool own = name == "own";
  return ProductChoice{own, own, own};
}

ProductChoice choose(c10::ScalarType type) {
  if (const std::optional<ProductChoice> choice = forced()) {
    return *choice;
  }
  const std::filesystem::path file = product_cache();
  const std::string key = product_key(type);
  if (const std::optional<ProductChoice> choice = read_choice(file, key)) {
    return *choice;
  }
  const ProductChoice choice = measure_products(type);
  if (!file.empty()) {
    keep_choice(file, key, choice);
  }
  return choice;
}

const ProductChoice& chosen(c10::ScalarType type) {
  if (type == c10::ScalarType::BFloat16) {
    static const ProductChoice bfloat16 = choose(type);
    return bfloat16;
  }
  static const ProductChoice float32 = choose(c10::ScalarType::Float);
  return float32;
}

}  // namespace

bool own_products(Product kind, c10::ScalarType type) { return chosen(type).at(static_cast<size_t>(kind)); }

std::string describe_products(c10::ScalarType type) {
  const ProductChoice& choice = chosen(type);
  const auto name = [](bool own) { return own ? "own" : "library"; };
  std::string text = name(choice[0]);
  constexpr std::array<const char*, 3> kKinds{"", "input gradients", "weight gradients"};
  for (size_t kind = 1; kind < choice.size(); ++kind) {
    if (choice.at(kind) != choice[0]) {
      text += format(", {} {}", kKinds.at(kind), name(choice.at(kind)));
    }
  }
  return text;
}

}  // namespace cambium::ops
