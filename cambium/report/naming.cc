#include "cambium/report/naming.h"

#include <array>

namespace cambium::report {

RunName name_of_run(const std::filesystem::path& directory, const std::optional<uint64_t>& configured_seed) {
  const std::filesystem::path normal = directory.lexically_normal();
  const std::string name = (normal.has_filename() ? normal : normal.parent_path()).filename().string();
  const std::string seed = configured_seed ? std::to_string(*configured_seed) : "";
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  const std::string number = name.substr(digits), before = name.substr(0, digits);
  if (!number.empty()) {
    for (const std::string_view mark : {"-seed", "_seed", "-s", "_s"}) {
      if (before.size() > mark.size() && before.ends_with(mark)) {
        return {.variant = before.substr(0, before.size() - mark.size()), .seed = number};
      }
    }
    if (number == seed && before.size() > 1 && before.ends_with('-')) {
      return {.variant = before.substr(0, before.size() - 1), .seed = seed};
    }
  }
  return {.variant = name, .seed = seed};
}

}  // namespace cambium::report
