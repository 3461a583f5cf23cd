#include <nlohmann/json.hpp>

#include "cambium/base/format.h"
#include "cambium/text/bpe_trainer.h"

namespace cambium::text {

std::string to_tokenizer_json(const TrainedBpe& trained) {
  using Json = nlohmann::ordered_json;
  const auto quoted = [](const std::string& text) { return Json(text).dump(); };
  const Json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};

  Json added = Json::array();
  for (const std::string& token : trained.special_tokens) {
    added.push_back({{"id", added.size()},
                     {"content", token},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  const Json document = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added},
      {"normalizer", nullptr},
      {"pre_tokenizer",
       {{"type", "Sequence"},
        {"pretokenizers", Json::array({{{"type", "Digits"}, {"individual_digits", true}}, byte_level})}}},
      {"post_processor", nullptr},
      {"decoder", byte_level},
  };

  // The vocabulary is written by hand: an ordered object takes quadratic time to fill.
  std::string out = document.dump(2);
  out.resize(out.size() - 2);  // "\n}"
  out += R"(,
  "model": {
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "ignore_merges": false,
    "vocab": {)";
  size_t id = 0;
  const auto add_token = [&](const std::string& token) {
    out += format("{}\n      {}: {}", id == 0 ? "" : ",", quoted(token), id);
    ++id;
  };
  for (const std::string& token : trained.special_tokens) {
    add_token(token);
  }
  for (const std::string& token : trained.tokens) {
    add_token(token);
  }
  out += "\n    },\n    \"merges\": [";
  for (size_t i = 0; i < trained.merges.size(); ++i) {
    // "left right": tokens hold no spaces, and every version of the library reads this form.
    out += format("{}\n      {}", i == 0 ? "" : ",", quoted(trained.merges[i].first + " " + trained.merges[i].second));
  }
  out += trained.merges.empty() ? "]\n  }\n}\n" : "\n    ]\n  }\n}\n";
  return out;
}

}  // namespace cambium::text
