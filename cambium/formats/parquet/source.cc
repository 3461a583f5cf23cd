// The library that reads Parquet, the only code that sees Arrow C++.
#include <arrow/memory_pool.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>

#include "cambium/base/format.h"
#include "cambium/formats/parquet/entry.h"

namespace cambium::formats {
namespace {

constexpr int64_t kAtOnce = 512;                 ///< rows
constexpr int64_t kMostRows = int64_t{1} << 48;  ///< of a file

struct Column {
  std::string name;
  int index;
  int16_t max_definition;  ///< the level of a value that is there
  std::shared_ptr<parquet::ByteArrayReader> reader = {};
};

bool is_text(const parquet::ColumnDescriptor& column) {
  using parquet::LogicalType;
  if (column.physical_type() != parquet::Type::BYTE_ARRAY) return false;
  const auto& type = column.logical_type();
  return !type || type->is_none() || type->is_string() || type->is_enum() || type->is_JSON();
}

/// Throws std::runtime_error, naming the column, where it cannot be read as text.
Column find_column(const parquet::SchemaDescriptor& schema, const std::string& name) {
  std::string all;
  for (int i = 0; i < schema.num_columns(); ++i) {
    const parquet::ColumnDescriptor& column = *schema.Column(i);
    const std::string path = column.path()->ToDotString();
    all += (all.empty() ? "" : ", ") + path;
    if (path.starts_with(name + ".") && column.max_repetition_level() > 0) {
      throw std::runtime_error(format("column `{}` holds lists ({}), which is not supported", name, path));
    }
    if (path != name) continue;
    if (column.max_repetition_level() > 0) {
      throw std::runtime_error(format("column `{}` holds lists, which is not supported", name));
    }
    if (!is_text(column)) {
      throw std::runtime_error(format("column `{}`: expected text, found {} ({})", name,
                                      parquet::TypeToString(column.physical_type()),
                                      column.logical_type() ? column.logical_type()->ToString() : "no logical type"));
    }
    return {name, i, column.max_definition_level()};
  }
  throw std::runtime_error(format("no column `{}` (--text-key names another); found: {}", name, all));
}

class Source final : public ParquetSource {
 public:
  Source(const std::string& path, const std::vector<std::string>& columns) {
    parquet::ReaderProperties properties(&memory_);
    properties.enable_buffered_stream();  // pages, not whole columns of a row group
    properties.set_buffer_size(1 << 20);
    properties.set_page_checksum_verification(true);
    file_ = parquet::ParquetFileReader::OpenFile(path, /*memory_map=*/false, properties);
    metadata_ = file_->metadata();
    for (const std::string& name : columns) columns_.push_back(find_column(*metadata_->schema(), name));
    for (int group = 0; group < metadata_->num_row_groups(); ++group) {
      const int64_t rows = metadata_->RowGroup(group)->num_rows();
      if (rows < 0 || rows > kMostRows - num_rows_)
        throw std::runtime_error(format("row group {}: {} rows", group, rows));
      num_rows_ += rows;
    }
  }

  int64_t num_rows() const override { return num_rows_; }
  void skip(int64_t rows) override { to_skip_ = rows; }

  bool next(ParquetRows& rows, int64_t max_rows, std::string& fault) override {
    rows = {};
    try {
      while (left_ == 0) {
        if (group_ + 1 >= metadata_->num_row_groups()) return false;
        open_group(group_ + 1);
      }
      rows.count = std::min(left_, max_rows);
      rows.values.resize(static_cast<size_t>(rows.count) * columns_.size());
      for (size_t i = 0; i < columns_.size(); ++i) read(columns_[i], i, rows);
      left_ -= rows.count;
      return true;
    } catch (const std::exception& error) {
      fault = group_ < 0 ? error.what() : format("row group {}: {}", group_, error.what());
      rows = {};
      return false;
    }
  }

 private:
  void open_group(int group) {
    group_ = group;
    left_ = metadata_->RowGroup(group)->num_rows();
    if (to_skip_ >= left_) {  // without reading any of it
      to_skip_ -= std::exchange(left_, 0);
      return;
    }
    const auto reader = file_->RowGroup(group);
    for (Column& column : columns_) {
      column.reader = std::dynamic_pointer_cast<parquet::ByteArrayReader>(reader->Column(column.index));
      if (!column.reader) throw std::runtime_error(format("column `{}`: no column of text", column.name));
    }
    while (to_skip_ > 0) {
      ParquetRows skipped;
      skipped.count = std::min(to_skip_, kAtOnce);
      skipped.values.resize(static_cast<size_t>(skipped.count) * columns_.size());
      for (size_t i = 0; i < columns_.size(); ++i) read(columns_[i], i, skipped);
      left_ -= skipped.count;
      to_skip_ -= skipped.count;
    }
  }

  void read(Column& column, size_t at, ParquetRows& rows) {
    std::vector<int16_t> definition(kAtOnce), repetition(kAtOnce);
    std::vector<parquet::ByteArray> values(kAtOnce);
    for (int64_t row = 0; row < rows.count;) {
      int64_t got_values = 0;
      const int64_t wanted = std::min(kAtOnce, rows.count - row);
      const int64_t levels =
          column.reader->ReadBatch(wanted, definition.data(), repetition.data(), values.data(), &got_values);
      if (levels <= 0) {
        throw std::runtime_error(format("column `{}` ends {} rows early", column.name, rows.count - row));
      }
      int64_t value = 0;
      for (int64_t i = 0; i < levels; ++i, ++row) {
        if (column.max_definition > 0 && definition[static_cast<size_t>(i)] < column.max_definition) continue;
        if (value == got_values) throw std::runtime_error(format("column `{}`: values are missing", column.name));
        const parquet::ByteArray& bytes = values[static_cast<size_t>(value++)];
        rows.values[static_cast<size_t>(row) * columns_.size() + at].emplace(reinterpret_cast<const char*>(bytes.ptr),
                                                                             bytes.len);
      }
    }
  }

  // A page may say that it unpacks to 2 GiB.
  arrow::CappedMemoryPool memory_{arrow::default_memory_pool(), /*bytes_allocated_limit=*/int64_t{1} << 30};
  std::unique_ptr<parquet::ParquetFileReader> file_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::vector<Column> columns_;
  int64_t num_rows_ = 0, left_ = 0, to_skip_ = 0;
  int group_ = -1;
};

}  // namespace
}  // namespace cambium::formats

extern "C" cambium::formats::ParquetSource* cambium_open_parquet_1(const std::string& path,
                                                                   const std::vector<std::string>& columns,
                                                                   std::string& fault) {
  try {
    return std::make_unique<cambium::formats::Source>(path, columns).release();
  } catch (const std::exception& error) {
    fault = error.what();
    return nullptr;
  }
}
