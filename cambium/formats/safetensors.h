#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/base/files.h"

namespace cambium::formats {

/// Element types of safetensors; only the first three hold weights.
enum class DType { kFloat32, kBFloat16, kFloat16, kFloat64, kInt64, kInt32, kInt16, kInt8, kUInt8, kBool };
int64_t dtype_bytes(DType dtype);
std::string_view dtype_name(DType dtype);  ///< "F32", "BF16", ... as in the file
std::optional<DType> dtype_from_name(std::string_view name);
/// Bytes of a tensor, or -1 for a negative size or a product past int64.
int64_t byte_size(DType dtype, std::span<const int64_t> shape);
std::string shape_text(std::span<const int64_t> shape);  ///< "[2, 3]"

struct TensorInfo {
  std::string name;
  DType dtype;
  std::vector<int64_t> shape;
  int64_t begin;  ///< byte offsets into the data part
  int64_t end;
  int64_t numel() const;
};

/// A safetensors file mapped read-only. Opening checks everything that the header claims (sizes, offsets without gap or
/// overlap, shapes against bytes, duplicate names) against the file before any of it is used; throws InvalidInput.
class SafetensorsReader {
 public:
  explicit SafetensorsReader(const std::filesystem::path& path);
  const std::vector<TensorInfo>& tensors() const { return tensors_; }  ///< in file order
  const TensorInfo* find(std::string_view name) const;
  std::span<const std::byte> data(const TensorInfo& tensor) const;
  /// Converts the tensor to float32 into `out` (numel entries; F32, BF16, F16 only). Throws InvalidInput at the first
  /// NaN or infinity, naming the tensor and the element.
  void read_float32(const TensorInfo& tensor, std::span<float> out) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  int64_t data_begin_ = 0;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, size_t, std::less<>> by_name_;
  std::map<std::string, std::string> metadata_;
};

/// Writes a safetensors file front to back without holding the tensors: declare all of them, then write their data in
/// the order declared. Values are given in float32 and converted to the declared dtype (round to nearest even).
class SafetensorsWriter {
 public:
  struct Declared {
    std::string name;
    DType dtype;
    std::vector<int64_t> shape;
  };
  /// What such a file begins with: its data lies behind it without gaps, in the order declared.
  static std::string header(std::span<const Declared> tensors,
                            const std::map<std::string, std::string>& metadata = {{"format", "pt"}});
  /// Messages about values name `shown_as` where it is not empty: a staged file by the name it is to have.
  SafetensorsWriter(const std::filesystem::path& path, std::vector<Declared> tensors,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}},
                    const std::filesystem::path& shown_as = {});
  /// The data of the next declared tensor; may be called several times a tensor, in pieces. Throws InvalidInput for a
  /// value past the range of a 16-bit dtype.
  void write_float32(std::span<const float> values);
  void write_raw(std::span<const std::byte> bytes);
  /// Throws Error unless every declared byte was written. Does not sync; StagedDirectory does.
  void close();

 private:
  void skip_finished();
  void require_room(int64_t bytes) const;

  FileWriter file_;
  std::string shown_as_;
  std::vector<Declared> tensors_;
  size_t current_ = 0;
  int64_t left_ = 0;  ///< bytes still missing of the current tensor
};

}  // namespace cambium::formats
