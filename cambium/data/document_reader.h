#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/data/input_files.h"
#include "cambium/data/text_template.h"
#include "cambium/formats/json.h"

namespace cambium::data {

/// The input is not that of the run to go on with, or of the other ranks: with the right one the work goes on.
class OtherInput : public InvalidInput {
  using InvalidInput::InvalidInput;
};

/// A place between two documents of a list of inputs.
struct InputPosition {
  size_t file = 0;     ///< index of the input
  int64_t offset = 0;  ///< bytes of the unpacked file before the place; of Parquet: rows
  int64_t lines = 0;   ///< lines before the place
  std::string hash;    ///< of standard input: the XXH3-128 of those lines, to know them again

  bool operator==(const InputPosition&) const = default;
  formats::Json to_json() const;
  static InputPosition from_json(const formats::JsonView& view);
};

/// Some documents of one input, as they lie there.
struct DocumentBatch {
  size_t file = 0;
  /// A text is a document; of JSON lines each line holds one; rows of Parquet are made into texts already.
  InputFile::Kind kind = InputFile::Kind::kText;
  int64_t first_line = 0;  ///< of JSON lines and rows: the number of the first entry, from 1
  std::vector<std::string> entries;
  int64_t bytes = 0;     ///< of the entries
  InputPosition behind;  ///< where the input goes on
};

/// Reads inputs one after the other in batches of about 1 MiB; a file that is one document is one batch.
class DocumentReader {
 public:
  /// Begins at `from`; `files` and `text` must outlive the reader.
  DocumentReader(const std::vector<InputFile>& files, const TextTemplate& text, const InputPosition& from = {});
  ~DocumentReader();

  /// False behind the last input. Throws InvalidInput, naming file and place, for what cannot be read; OtherInput.
  bool next(DocumentBatch& batch);
  /// Bytes of the inputs, as they lie on disk, that were read so far.
  int64_t consumed() const;

 private:
  class Lines;
  class Rows;
  void read_text(DocumentBatch& batch);
  bool read_lines(DocumentBatch& batch);
  bool read_rows(DocumentBatch& batch);
  void next_file();

  const std::vector<InputFile>& files_;
  const TextTemplate& text_;
  InputPosition at_;
  int64_t bytes_before_ = 0;      ///< of the files before the present one
  std::unique_ptr<Lines> lines_;  ///< one of these two is open, or none
  std::unique_ptr<Rows> rows_;
};

}  // namespace cambium::data
