#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cambium/config/key.h"
#include "cambium/config/layers.h"
#include "cambium/config/tables.h"

namespace cambium::config {

template <typename Owner>
const Key<Owner>* find_key(const std::vector<Key<Owner>>& keys, std::string_view full_name) {
  for (const auto& key : keys) {
    if (key.full_name() == full_name) {
      return &key;
    }
  }
  return nullptr;
}

/// "data.source.3.path": entry 3 of the list "data.source" and the key "data.source.path".
struct ListKey {
  std::string_view list;
  size_t index;
  std::string name;
};
std::optional<ListKey> list_key(const std::string& full_name);

/// Throws InvalidInput that names the place and the nearest known name for a section or a key that there is not.
void check_names(const Layers& layers);

}  // namespace cambium::config
