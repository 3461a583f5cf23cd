#include "cambium/model/companions.h"

#include <string_view>

#include "cambium/base/files.h"

namespace cambium::model {
namespace {

constexpr std::string_view kCompanions[] = {"tokenizer.json",
                                            "tokenizer_config.json",
                                            "tokenizer.model",
                                            "vocab.json",
                                            "merges.txt",
                                            "special_tokens_map.json",
                                            "added_tokens.json",
                                            "chat_template.jinja",
                                            "generation_config.json"};

}  // namespace

void copy_companions(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const std::string_view name : kCompanions) {
    if (std::filesystem::exists(from / name)) {
      FileWriter writer(to / name);
      writer.write(read_file(from / name));
      writer.close(/*sync=*/false);
    }
  }
}

}  // namespace cambium::model
