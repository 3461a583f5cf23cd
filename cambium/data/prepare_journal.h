#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/data/document_reader.h"
#include "cambium/data/manifest.h"
#include "cambium/formats/json.h"

namespace cambium::data {

/// How far a preparation has come, beside the dataset that it makes (`.NAME.progress.json`): what a process that was
/// killed leaves for the next one. Written only when everything that it speaks of is on the disk.
class PrepareJournal {
 public:
  /// `settings` are those on which the result depends, inputs included; a journal of others is of no use.
  PrepareJournal(const std::filesystem::path& target, std::string settings);

  struct Entry {
    InputPosition position;
    formats::Json writer;  ///< `DatasetWriter::save`
    std::vector<InputInfo> inputs;
    int64_t seen_documents = 0;
    std::string first_fault;
  };
  /// What an earlier process left, if its settings were these. A journal that is damaged is as good as none.
  std::optional<Entry> read() const;
  void write(const Entry& entry) const;
  void remove() const;

  /// Where the documents seen so far are kept.
  const std::filesystem::path& seen_path() const { return seen_; }

 private:
  std::filesystem::path file_, seen_;
  std::string settings_;
};

}  // namespace cambium::data
