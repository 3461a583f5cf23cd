#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cambium/data/dataset_writer.h"
#include "cambium/data/input_files.h"
#include "cambium/data/prepare_team.h"
#include "cambium/data/text_template.h"

namespace cambium::data {

/// Where no fraction is given, this one is held out of inputs of at least `kAutoHoldoutBytes` on disk, and nothing of
/// smaller ones, where it would be too little to measure a loss on.
inline constexpr double kAutoHoldout = 0.005;
inline constexpr int64_t kAutoHoldoutBytes = 2'000'000;

struct PrepareOptions {
  std::vector<std::filesystem::path> inputs;  ///< files, folders, patterns, "-": see `find_inputs`
  std::filesystem::path out;
  std::optional<InputFile::Kind> input_kind;
  TextTemplate text = TextTemplate::field("text");
  std::optional<double> val_fraction;  ///< of the documents; see kAutoHoldout
  uint64_t seed = 1;                   ///< of the choice of held-out documents
  int workers = 0;                     ///< 0: as many as the machine has cores
  bool skip_bad_lines = false;
  bool dedup = false;  ///< leave out documents whose text was there before
  bool replace = false;
  std::optional<std::string> end_of_text;  ///< a token of the tokenizer
  int64_t shard_tokens = kShardTokens;
  int64_t save_tokens = int64_t{1} << 25;  ///< how far it is goes to the disk after so many, and with each shard
};

/// Text to a token dataset. Documents keep the order of the input; which are held out depends on their content and the
/// seed alone; the result does not depend on `workers`, nor on how often it was stopped or killed: the same call goes
/// on where the last one was. Memory: a few times the largest document, plus some 100 MB, and 24 to 48 bytes a document
/// with `dedup`.
/// Throws InvalidInput naming file and line or byte offset for bad JSON, a missing text key, invalid UTF-8, input
/// without any text, and leaves nothing behind; Stopped on a signal, Error where writing fails.
Manifest prepare(const text::Tokenizer& tokenizer, const PrepareOptions& options);

/// The same by all ranks of a team, which call it together: the same dataset whatever their number, also where an
/// earlier call had another. Every rank reads the inputs and encodes some of them, with `workers` threads; rank 0
/// writes, and alone needs to see `out`. Returns the manifest on rank 0; on the others nothing, once their share is
/// handed over, or where they met what is for rank 0 to end the command with. Throws InvalidInput besides for standard
/// input, and where the ranks differ in settings, tokenizer or inputs; Error for what a rank handed over damaged.
std::optional<Manifest> prepare(const text::Tokenizer& tokenizer, const PrepareOptions& options, PrepareTeam& team);

}  // namespace cambium::data
