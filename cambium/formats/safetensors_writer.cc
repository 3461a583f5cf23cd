#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/formats/float_bits.h"
#include "cambium/formats/json.h"
#include "cambium/formats/safetensors.h"

namespace cambium::formats {
namespace {

constexpr size_t kHeaderAlignment = 8;

int64_t declared_bytes(const SafetensorsWriter::Declared& tensor) {
  const int64_t bytes = byte_size(tensor.dtype, tensor.shape);
  if (bytes < 0) fail("tensor `{}`: shape {} is impossible", tensor.name, shape_text(tensor.shape));
  return bytes;
}

}  // namespace

/// Length and JSON, padded with spaces so that the data behind it is aligned.
std::string SafetensorsWriter::header(std::span<const Declared> tensors,
                                      const std::map<std::string, std::string>& metadata) {
  Json json = Json::object();
  auto& entries = *json.get_ptr<Json::object_t*>();  // appended to directly: names are checked for duplicates below
  if (!metadata.empty()) entries.emplace_back("__metadata__", metadata);
  std::set<std::string_view> names;
  int64_t position = 0;
  for (const auto& tensor : tensors) {
    if (tensor.name == "__metadata__" || !names.insert(tensor.name).second) {
      fail("tensor name `{}` is taken", tensor.name);
    }
    const int64_t end = position + declared_bytes(tensor);
    entries.emplace_back(
        tensor.name,
        Json{{"dtype", dtype_name(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {position, end}}});
    position = end;
  }
  std::string text = json.dump();
  text.append((kHeaderAlignment - text.size() % kHeaderAlignment) % kHeaderAlignment, ' ');
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text;
}

SafetensorsWriter::SafetensorsWriter(const std::filesystem::path& path, std::vector<Declared> tensors,
                                     const std::map<std::string, std::string>& metadata,
                                     const std::filesystem::path& shown_as)
    : file_(path), shown_as_((shown_as.empty() ? path : shown_as).string()), tensors_(std::move(tensors)) {
  file_.write(header(tensors_, metadata));
  if (!tensors_.empty()) left_ = declared_bytes(tensors_[0]);
  skip_finished();
}

void SafetensorsWriter::skip_finished() {
  while (left_ == 0 && current_ < tensors_.size()) {
    if (++current_ < tensors_.size()) left_ = declared_bytes(tensors_[current_]);
  }
}

void SafetensorsWriter::require_room(int64_t bytes) const {
  if (bytes <= left_) return;
  const std::string name = current_ < tensors_.size() ? tensors_[current_].name : "(none left)";
  fail("{}: {} bytes written for tensor `{}`, which takes {} more", file_.path().string(), bytes, name, left_);
}

void SafetensorsWriter::write_raw(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const auto size = static_cast<int64_t>(bytes.size());
  require_room(size);
  file_.write(bytes);
  left_ -= size;
  skip_finished();
}

void SafetensorsWriter::write_float32(std::span<const float> values) {
  if (values.empty()) return;
  if (current_ == tensors_.size()) require_room(static_cast<int64_t>(values.size_bytes()));
  const Declared& tensor = tensors_[current_];
  if (tensor.dtype == DType::kFloat32) return write_raw(std::as_bytes(values));
  if (tensor.dtype != DType::kBFloat16 && tensor.dtype != DType::kFloat16) {
    fail("{}: tensor `{}` is {}, which does not hold float32 values", file_.path().string(), tensor.name,
         dtype_name(tensor.dtype));
  }
  require_room(static_cast<int64_t>(values.size()) * dtype_bytes(tensor.dtype));
  const bool is_half = tensor.dtype == DType::kFloat16;
  const float limit = is_half ? 65520.0f : std::bit_cast<float>(0x7f7f8000u);  // from here on rounding gives infinity
  std::array<uint16_t, 4096> block;
  for (size_t begin = 0; begin < values.size(); begin += block.size()) {
    const auto part = values.subspan(begin, std::min(block.size(), values.size() - begin));
    const auto too_large =
        std::find_if(part.begin(), part.end(), [&](float value) { return std::abs(value) >= limit; });
    if (too_large != part.end()) {
      bad_input("{}: tensor `{}`: the value {} does not fit {}", shown_as_, tensor.name, *too_large,
                is_half ? "float16; bfloat16 has the range" : "bfloat16");
    }
    std::transform(part.begin(), part.end(), block.begin(), is_half ? float_to_half : float_to_bfloat16);
    write_raw(std::as_bytes(std::span(block.data(), part.size())));
  }
}

void SafetensorsWriter::close() {
  if (current_ < tensors_.size()) {
    fail("{}: tensor `{}` still lacks {} bytes", file_.path().string(), tensors_[current_].name, left_);
  }
  file_.close(false);
}

}  // namespace cambium::formats
