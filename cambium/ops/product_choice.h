#pragma once

// How the choice behind products.h is made and kept. Internal to ops.

#include <ATen/core/ScalarType.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>

namespace cambium::ops {

/// By Product: whether our kernels make it.
using ProductChoice = std::array<bool, 3>;
constexpr std::array<const char*, 3> kProductNames{"forward", "input_grad", "weight_grad"};

/// Times our kernels and the library at each kind of product.
ProductChoice measure_products(c10::ScalarType type);

/// What the choice depends on: processor, kernels, threads, type and versions.
std::string product_key(c10::ScalarType type);

/// Where choices are kept; empty where neither XDG_CACHE_HOME nor HOME is set.
std::filesystem::path product_cache();
/// The choice that `file` has for the key. A file that is not there or not ours has none.
std::optional<ProductChoice> read_choice(const std::filesystem::path& file, const std::string& key);
/// Adds the choice to the file. Where that fails there will be no cache, which is no error.
void keep_choice(const std::filesystem::path& file, const std::string& key, const ProductChoice& choice);

}  // namespace cambium::ops
