#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "cambium/base/files.h"

namespace cambium::formats {

/// Scalars as TensorBoard reads them: TFRecord-framed Event protobufs (masked CRC-32C) in `events.out.tfevents.*`.
class TensorBoardWriter {
 public:
  /// Opens a new event file in `directory`, named after the current time and this host.
  explicit TensorBoardWriter(const std::filesystem::path& directory);
  void scalar(std::string_view tag, double value, int64_t step, double wall_time);
  void flush();

 private:
  void record(std::string_view event);
  FileWriter file_;
};

}  // namespace cambium::formats
