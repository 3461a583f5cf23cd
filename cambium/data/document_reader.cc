#include "cambium/data/document_reader.h"

#include <algorithm>
#include <optional>

#include "cambium/base/hash.h"
#include "cambium/formats/parquet.h"
#include "cambium/formats/streams.h"

namespace cambium::data {
namespace {

constexpr int64_t kBatchBytes = int64_t{1} << 20;

}  // namespace

formats::Json InputPosition::to_json() const {
  return {{"file", file}, {"offset", offset}, {"lines", lines}, {"hash", hash}};
}

InputPosition InputPosition::from_json(const formats::JsonView& view) {
  return {.file = static_cast<size_t>(view.integer("file", 0, INT64_MAX)),
          .offset = view.integer("offset", 0, INT64_MAX),
          .lines = view.integer("lines", 0, INT64_MAX),
          .hash = view.string("hash")};
}

/// The open file of JSON lines.
class DocumentReader::Lines {
 public:
  Lines(const InputFile& file, const InputPosition& from) : reader_(formats::open_input(file.path), file.shown()) {
    if (file.is_standard_input()) hasher_.emplace();
    if (hasher_ && from.lines > 0) {
      read_again(from);
    } else if (from.offset > 0) {
      reader_.skip(from.offset, from.lines);
    }
  }

  bool next(std::string& line) {
    if (!reader_.next(line)) return false;
    if (hasher_) {
      hasher_->update(line);
      hasher_->update("\n");
    }
    return true;
  }

  InputPosition position(size_t file) const {
    return {file, reader_.position(), reader_.line_number(), hasher_ ? hasher_->hex() : ""};
  }
  int64_t consumed() const { return reader_.consumed(); }

 private:
  void read_again(const InputPosition& from) {
    std::string line;
    while (reader_.line_number() < from.lines && next(line)) {
    }
    if (reader_.line_number() < from.lines || hasher_->hex() != from.hash) {
      throw OtherInput(
          format("standard input: its first {} lines are not those of the run to go on with: expected the same input",
                 from.lines));
    }
  }

  formats::LineReader reader_;
  std::optional<Hasher> hasher_;
};

/// The open Parquet file.
class DocumentReader::Rows {
 public:
  Rows(const InputFile& file, const TextTemplate& text, int64_t from)
      : reader_(formats::open_parquet(file.path, text.fields())), text_(text), bytes_(file.bytes), at_(from) {
    if (from > 0) reader_->skip(from);
  }

  /// The texts of some rows, and how many bytes they are; nothing at the end.
  int64_t next(std::vector<std::string>& texts) {
    constexpr int64_t kRows = 64;
    formats::ParquetRows rows;
    if (!reader_->next(rows, kRows)) return 0;
    const size_t columns = text_.fields().size();
    std::vector<std::optional<std::string_view>> values(columns);
    int64_t bytes = 0;
    for (size_t row = 0; row < static_cast<size_t>(rows.count); ++row) {
      std::copy_n(rows.values.begin() + static_cast<std::ptrdiff_t>(row * columns), columns, values.begin());
      texts.push_back(text_.from_row(values));
      bytes += std::ssize(texts.back()) + 1;
    }
    at_ += rows.count;
    return bytes;
  }
  int64_t position() const { return at_; }
  /// Bytes of the file, as if rows were of one size.
  int64_t consumed() const {
    const double share = static_cast<double>(at_) / static_cast<double>(std::max<int64_t>(1, reader_->num_rows()));
    return static_cast<int64_t>(share * static_cast<double>(bytes_));
  }

 private:
  std::unique_ptr<formats::ParquetReader> reader_;
  const TextTemplate& text_;
  int64_t bytes_, at_;
};

DocumentReader::DocumentReader(const std::vector<InputFile>& files, const TextTemplate& text, const InputPosition& from)
    : files_(files), text_(text), at_(from) {
  for (size_t i = 0; i < std::min(at_.file, files_.size()); ++i) bytes_before_ += files_[i].bytes;
}

DocumentReader::~DocumentReader() = default;

bool DocumentReader::next(DocumentBatch& batch) {
  while (at_.file < files_.size()) {
    batch = {.file = at_.file, .kind = files_[at_.file].kind, .entries = {}, .behind = {}};
    if (batch.kind == InputFile::Kind::kText) {
      read_text(batch);
      return true;
    }
    if (batch.kind == InputFile::Kind::kParquet ? read_rows(batch) : read_lines(batch)) return true;
    next_file();
  }
  return false;
}

int64_t DocumentReader::consumed() const {
  return bytes_before_ + (lines_ ? lines_->consumed() : rows_ ? rows_->consumed() : 0);
}

void DocumentReader::read_text(DocumentBatch& batch) {
  batch.entries.push_back(formats::read_input(files_[at_.file].path));
  batch.bytes = std::ssize(batch.entries.front());
  next_file();
  batch.behind = at_;
}

bool DocumentReader::read_lines(DocumentBatch& batch) {
  if (!lines_) lines_ = std::make_unique<Lines>(files_[at_.file], at_);
  batch.first_line = at_.lines + 1;
  for (std::string line; batch.bytes < kBatchBytes && lines_->next(line);) {
    batch.bytes += std::ssize(line) + 1;
    batch.entries.push_back(std::move(line));
  }
  batch.behind = at_ = lines_->position(at_.file);
  return !batch.entries.empty();
}

bool DocumentReader::read_rows(DocumentBatch& batch) {
  if (!rows_) rows_ = std::make_unique<Rows>(files_[at_.file], text_, at_.offset);
  batch.first_line = at_.offset + 1;
  while (batch.bytes < kBatchBytes) {
    const int64_t bytes = rows_->next(batch.entries);
    if (bytes == 0) break;
    batch.bytes += bytes;
  }
  at_.offset = rows_->position();
  batch.behind = at_;
  return !batch.entries.empty();
}

void DocumentReader::next_file() {
  bytes_before_ += files_[at_.file].bytes;
  lines_.reset();
  rows_.reset();
  at_ = {.file = at_.file + 1, .offset = 0, .lines = 0, .hash = ""};
}

}  // namespace cambium::data
