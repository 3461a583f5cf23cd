#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cambium::formats {

/// Values of some columns, row by row: `values[row * columns + column]`; nothing for null.
struct ParquetRows {
  int64_t count = 0;
  std::vector<std::optional<std::string>> values;
};

/// Text columns of a Parquet file, front to back: a row group and a few pages in memory at a time, however large the
/// file is.
class ParquetReader {
 public:
  virtual ~ParquetReader() = default;
  virtual int64_t num_rows() const = 0;
  /// Leaves out `rows` rows; before anything was read.
  virtual void skip(int64_t rows) = 0;
  /// The next rows, up to `max_rows`; false at the end. Throws InvalidInput that names file, row group and column.
  virtual bool next(ParquetRows& rows, int64_t max_rows) = 0;
};

/// `columns`: names, with dots for fields inside of structures ("meta.title"). Throws InvalidInput, by name, for
/// columns that are not there, are no text, or hold lists, for files that are damaged, and where this program has no
/// reader: that is a library of its own, loaded when the first such file is opened.
std::unique_ptr<ParquetReader> open_parquet(const std::filesystem::path& path, const std::vector<std::string>& columns);

}  // namespace cambium::formats
