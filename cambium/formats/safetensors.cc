#include "cambium/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cambium/base/text.h"

namespace cambium::formats {
namespace {

struct DTypeEntry {
  DType dtype;
  std::string_view name;
  int64_t bytes;
};

constexpr std::array<DTypeEntry, 10> kDTypes{{
    {DType::kFloat32, "F32", 4},
    {DType::kBFloat16, "BF16", 2},
    {DType::kFloat16, "F16", 2},
    {DType::kFloat64, "F64", 8},
    {DType::kInt64, "I64", 8},
    {DType::kInt32, "I32", 4},
    {DType::kInt16, "I16", 2},
    {DType::kInt8, "I8", 1},
    {DType::kUInt8, "U8", 1},
    {DType::kBool, "BOOL", 1},
}};

const DTypeEntry& entry_of(DType dtype) {
  return *std::find_if(kDTypes.begin(), kDTypes.end(), [&](const DTypeEntry& entry) { return entry.dtype == dtype; });
}

}  // namespace

int64_t dtype_bytes(DType dtype) { return entry_of(dtype).bytes; }

std::string_view dtype_name(DType dtype) { return entry_of(dtype).name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const DTypeEntry& entry : kDTypes) {
    if (entry.name == name) return entry.dtype;
  }
  return std::nullopt;
}

int64_t byte_size(DType dtype, std::span<const int64_t> shape) {
  // Zero is settled first, so that [2^40, 2^40, 0] is empty and not an overflow.
  if (std::any_of(shape.begin(), shape.end(), [](int64_t size) { return size < 0; })) return -1;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  int64_t bytes = dtype_bytes(dtype);
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(bytes, size, &bytes)) return -1;
  }
  return bytes;
}

std::string shape_text(std::span<const int64_t> shape) {
  std::vector<std::string> sizes(shape.size());
  std::transform(shape.begin(), shape.end(), sizes.begin(), [](int64_t size) { return std::to_string(size); });
  return "[" + join(sizes, ", ") + "]";
}

int64_t TensorInfo::numel() const { return (end - begin) / dtype_bytes(dtype); }

}  // namespace cambium::formats
