#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/data/dataset_writer.h"
#include "cambium/formats/json.h"
#include "cambium/text/tokenizer.h"
#include "tests/support/temporary_folder.h"

namespace cambium::data {

inline void write_text(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string utf8(int code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 63))};
}

/// A byte-level tokenizer without merges: one token a byte, then fillers up to `vocab_size`, then "<|endoftext|>" (id
/// `vocab_size` - 1) where `end_of_text`.
inline text::Tokenizer byte_tokenizer(int vocab_size = 257, bool end_of_text = true) {
  nlohmann::json vocab;  // sorted by name: an ordered object is slow to fill
  int next_code = 256, id = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    vocab[utf8(printable ? byte : next_code++)] = id++;
  }
  while (id < vocab_size - 1) {
    vocab["filler" + std::to_string(id)] = id;
    ++id;
  }
  formats::Json added = formats::Json::array();
  if (end_of_text) {
    added.push_back({{"id", id},
                     {"content", "<|endoftext|>"},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  const formats::Json bytes{
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  const formats::Json model{{"type", "BPE"},
                            {"dropout", nullptr},
                            {"unk_token", nullptr},
                            {"continuing_subword_prefix", nullptr},
                            {"end_of_word_suffix", nullptr},
                            {"fuse_unk", false},
                            {"byte_fallback", false},
                            {"vocab", vocab},
                            {"merges", formats::Json::array()}};
  const formats::Json json{{"version", "1.0"},          {"truncation", nullptr}, {"padding", nullptr},
                           {"added_tokens", added},     {"normalizer", nullptr}, {"pre_tokenizer", bytes},
                           {"post_processor", nullptr}, {"decoder", bytes},      {"model", model}};
  return text::Tokenizer::parse(json.dump(), "byte tokenizer");
}

/// A dataset of `documents` documents of `length` tokens each (end-of-text included): ids 0, 1, 2, ... modulo 256.
inline void write_numbers(const std::filesystem::path& target, int documents, int length,
                          int64_t shard_tokens = kShardTokens, int first = 0) {
  const auto tokenizer = byte_tokenizer();
  DatasetWriter writer(target, tokenizer, *tokenizer.end_of_text(), false, shard_tokens);
  int next = first;
  for (int i = 0; i < documents; ++i) {
    std::vector<int32_t> ids;
    for (int j = 0; j + 1 < length; ++j) ids.push_back(next++ % 256);
    writer.add("train", ids, std::ssize(ids));
  }
  writer.commit({}, formats::Json::object());
}

/// The message of the InvalidInput that `action` throws, or "" where it throws none.
template <typename Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const InvalidInput& error) {
    return error.what();
  }
  return "";
}

}  // namespace cambium::data
