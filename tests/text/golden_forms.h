#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "cambium/base/files.h"

namespace cambium::text {

using Json = nlohmann::json;

inline const std::filesystem::path kGoldens = std::filesystem::path(CAMBIUM_GOLDEN_DIR) / "tokenizers";

inline Json stored(const char* name) { return Json::parse(read_file(kGoldens / name)); }

/// The trained tokenizer.json with the settings of one of the stored forms laid over it.
inline std::string lay_over(Json document, const Json& form) {
  document["pre_tokenizer"] = form.at("pre_tokenizer");
  document["model"]["ignore_merges"] = form.value("ignore_merges", false);
  if (form.contains("added_tokens")) {
    document["added_tokens"] = form.at("added_tokens");
  }
  return document.dump();
}

/// The smallest tokenizer.json there is: the bytes and one merge, " a" -> "Ġa".
inline Json tiny_tokenizer() {
  Json vocab = stored("trained.json").at("model").at("vocab");
  for (auto entry = vocab.begin(); entry != vocab.end();) {
    entry = entry.value().get<int>() > 256 ? vocab.erase(entry) : std::next(entry);
  }
  vocab["Ġa"] = 257;
  return {{"version", "1.0"},
          {"added_tokens", Json::array()},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", {"Ġ a"}}}}};
}

}  // namespace cambium::text
