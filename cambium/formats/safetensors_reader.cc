#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/formats/float_bits.h"
#include "cambium/formats/json.h"
#include "cambium/formats/safetensors.h"

namespace cambium::formats {
namespace {

constexpr int64_t kLengthBytes = 8;
constexpr int64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit
constexpr std::string_view kMetadataKey = "__metadata__";

/// The header's text, after its length has been held against the limit and the file.
std::string_view header_of(std::span<const std::byte> file, std::string_view what) {
  const auto size = static_cast<int64_t>(file.size());
  if (size < kLengthBytes) {
    bad_input("{}: byte 0: a safetensors file starts with 8 bytes of header length, this one has {} bytes", what, size);
  }
  uint64_t length = 0;
  std::memcpy(&length, file.data(), kLengthBytes);
  if (length > static_cast<uint64_t>(kMaxHeaderBytes)) {
    bad_input("{}: byte 0: header length {} is over the limit of {} bytes", what, length, kMaxHeaderBytes);
  }
  if (length > static_cast<uint64_t>(size - kLengthBytes)) {
    bad_input("{}: byte 0: header length {}, but only {} bytes follow", what, length, size - kLengthBytes);
  }
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + kLengthBytes, length);
  if (!header.starts_with('{')) bad_input("{}: byte 8: the header does not start with `{{`", what);
  return header;
}

std::map<std::string, std::string> read_metadata(const Json& value, const std::string& what) {
  if (!value.is_object()) bad_input("{}: `{}` is no object", what, kMetadataKey);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, entry] : value.items()) {
    if (!entry.is_string()) bad_input("{}: `{}`: the value of `{}` is no string", what, kMetadataKey, key);
    metadata.emplace(key, entry.get<std::string>());
  }
  return metadata;
}

std::vector<int64_t> read_sizes(const JsonView& entry, std::string_view key) {
  std::vector<int64_t> sizes;
  for (const Json& item : entry.list(key, "sizes")) {
    const std::optional<int64_t> size = as_integer(item, 0, INT64_MAX);
    if (!size) entry.fail(key, format("a list of sizes, not `{}` in it", item.dump().substr(0, 40)));
    sizes.push_back(*size);
  }
  return sizes;
}

TensorInfo read_entry(const std::string& name, const JsonView& entry, int64_t data_bytes) {
  const std::string dtype_text = entry.string("dtype");
  const auto dtype = dtype_from_name(dtype_text);
  if (!dtype) bad_input("{}: dtype `{}` is not supported", entry.what(), dtype_text);
  TensorInfo tensor{name, *dtype, read_sizes(entry, "shape"), 0, 0};
  const std::vector<int64_t> offsets = read_sizes(entry, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_bytes) {
    bad_input("{}: data_offsets {} are no range of the {} bytes of data", entry.what(), shape_text(offsets),
              data_bytes);
  }
  tensor.begin = offsets[0];
  tensor.end = offsets[1];
  if (const int64_t bytes = byte_size(*dtype, tensor.shape); bytes != tensor.end - tensor.begin) {
    bad_input("{}: shape {} of {} does not take the {} bytes that its data_offsets give", entry.what(),
              shape_text(tensor.shape), dtype_text, tensor.end - tensor.begin);
  }
  return tensor;
}

/// Data that starts at 0, has no gap and no overlap, and ends with the file.
void check_layout(std::span<const TensorInfo> tensors, int64_t data_bytes, std::string_view what) {
  int64_t position = 0;
  for (const TensorInfo& tensor : tensors) {
    if (tensor.begin != position) {
      bad_input("{}: tensor `{}`: its data begins at byte {} of the data part, expected {} ({})", what, tensor.name,
                tensor.begin, position, tensor.begin < position ? "tensors overlap" : "there is a gap");
    }
    position = tensor.end;
  }
  if (position != data_bytes) {
    bad_input("{}: the tensors take {} bytes of data, but the file holds {}", what, position, data_bytes);
  }
}

/// Converts `count` values and says whether all of them are finite. The check is a reduction over exponent bits, which
/// costs next to nothing beside the memory traffic.
bool convert(DType dtype, const std::byte* source, int64_t count, float* out) {
  uint32_t bad = 0;
  if (dtype == DType::kFloat32) {
    std::memcpy(out, source, static_cast<size_t>(count) * sizeof(float));
    for (int64_t i = 0; i < count; ++i) bad |= !float_is_finite(out[i]);
  } else if (dtype == DType::kBFloat16) {
    for (int64_t i = 0; i < count; ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, source + 2 * i, 2);
      out[i] = bfloat16_to_float(bits);
      bad |= !float_is_finite(out[i]);
    }
  } else {
    for (int64_t i = 0; i < count; ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, source + 2 * i, 2);
      out[i] = half_to_float(bits);
      bad |= !half_is_finite(bits);
    }
  }
  return bad == 0;
}

}  // namespace

SafetensorsReader::SafetensorsReader(const std::filesystem::path& path) : path_(path), file_(path) {
  const std::string what = path.string();
  const std::string_view header = header_of(file_.bytes(), what);
  data_begin_ = kLengthBytes + static_cast<int64_t>(header.size());
  const int64_t data_bytes = file_.size() - data_begin_;
  const Json json = parse_json(header, what + " (header)");
  for (const auto& [name, entry] : json.items()) {
    if (name == kMetadataKey) {
      metadata_ = read_metadata(entry, what);
    } else {
      tensors_.push_back(read_entry(name, JsonView(entry, format("{}: tensor `{}`", what, name)), data_bytes));
    }
  }
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  check_layout(tensors_, data_bytes, what);
  for (size_t i = 0; i < tensors_.size(); ++i) by_name_.emplace(tensors_[i].name, i);
}

const TensorInfo* SafetensorsReader::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

std::span<const std::byte> SafetensorsReader::data(const TensorInfo& tensor) const {
  return file_.bytes().subspan(static_cast<size_t>(data_begin_ + tensor.begin),
                               static_cast<size_t>(tensor.end - tensor.begin));
}

void SafetensorsReader::read_float32(const TensorInfo& tensor, std::span<float> out) const {
  constexpr int64_t kBlock = 4096;
  const int64_t count = tensor.numel();
  if (tensor.dtype != DType::kFloat32 && tensor.dtype != DType::kBFloat16 && tensor.dtype != DType::kFloat16) {
    bad_input("{}: tensor `{}` is {}, expected F32, BF16 or F16", path_.string(), tensor.name,
              dtype_name(tensor.dtype));
  }
  if (static_cast<int64_t>(out.size()) != count) {
    fail("{}: tensor `{}` has {} elements, asked for {}", path_.string(), tensor.name, count, out.size());
  }
  const std::byte* source = data(tensor).data();
  const int64_t width = dtype_bytes(tensor.dtype);
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t size = std::min(kBlock, count - begin);
    if (convert(tensor.dtype, source + begin * width, size, out.data() + begin)) continue;
    int64_t at = begin;
    float ignored = 0;
    while (convert(tensor.dtype, source + at * width, 1, &ignored)) ++at;
    bad_input("{}: tensor `{}`: element {} (byte {} of the file) is NaN or infinite", path_.string(), tensor.name, at,
              data_begin_ + tensor.begin + at * width);
  }
}

}  // namespace cambium::formats
