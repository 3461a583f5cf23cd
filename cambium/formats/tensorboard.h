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
  /// Says that the run goes on with `first_step`: TensorBoard then drops what older files of the directory hold from
  /// that step on, so that a resumed run shows no step twice.
  void resume(int64_t first_step, double wall_time);
  void flush();

 private:
  void record(std::string_view event);
  FileWriter file_;
};

}  // namespace cambium::formats
