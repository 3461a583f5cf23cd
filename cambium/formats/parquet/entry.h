#pragma once

#include <string>
#include <vector>

#include "cambium/formats/parquet.h"

namespace cambium::formats {

/// What the library that reads Parquet gives: as ParquetReader, but faults come back as text, since exceptions are not
/// to cross from one library to another.
class ParquetSource {
 public:
  virtual ~ParquetSource() = default;
  virtual int64_t num_rows() const = 0;
  virtual void skip(int64_t rows) = 0;
  /// False at the end, or with a fault.
  virtual bool next(ParquetRows& rows, int64_t max_rows, std::string& fault) = 0;
};

/// Its only function, `cambium_open_parquet`; null with a fault.
using OpenParquet = ParquetSource* (*)(const std::string& path, const std::vector<std::string>& columns,
                                       std::string& fault);
inline constexpr const char* kParquetEntry = "cambium_open_parquet_1";  ///< counts up with the interface above
inline constexpr const char* kParquetLibrary = "libcambium_parquet.so";

}  // namespace cambium::formats
