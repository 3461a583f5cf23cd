#include "cambium/config/origins.h"

namespace cambium::config {

const Place* Origins::find(const std::string& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? nullptr : &found->second;
}

std::string Origins::name(const std::string& key) const {
  std::string shown = '`' + key + '`';
  if (file_.empty()) {
    return shown;
  }
  const Place* place = find(key);
  if (place == nullptr) {
    return shown + " (its default)";
  }
  return place->overridden() ? shown + " (--set)" : shown + format(" (line {})", place->line);
}

}  // namespace cambium::config
