#include "cambium/config/names.h"

#include <algorithm>

#include "cambium/base/text.h"
#include "cambium/config/keys.h"

namespace cambium::config {
namespace {

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const auto& key : run_keys()) {
    if (names.empty() || names.back() != key.section) {
      names.push_back(key.section);
    }
  }
  return names;
}

/// True for every key that some table of keys knows, and for the two that hold tables themselves.
bool is_known(const std::string& name) {
  if (const auto source = source_key(name)) {
    return find_key(source_keys(), source->name) != nullptr;
  }
  const bool source_without_key = source_key(name + ".path").has_value();
  return name == kRopeScaling || name == kSources || source_without_key || find_key(run_keys(), name) != nullptr ||
         find_key(rope_keys(), name) != nullptr;
}

std::string last_part(const std::string& key) {
  return key.substr(key.rfind('.') + 1);
}

/// The known key that an unknown one most likely stands for: the same name in another section, else the nearest.
std::string suggestion(const std::string& unknown) {
  std::vector<std::string> known{std::string(kRopeScaling)};
  for (const KeyDoc& doc : key_docs()) {
    known.push_back(doc.key);
  }
  for (const std::string& key : known) {
    if (last_part(key) == last_part(unknown)) {
      return key;
    }
  }
  return nearest(unknown, known);
}

[[noreturn]] void fail_unknown(std::string_view kind, const std::string& name, const Place& place,
                               const std::string& near) {
  bad_input("{}: unknown {} `{}`{}{}", place.what, kind, name,
            place.overridden() ? "" : format(" (line {})", place.line),
            near.empty() ? "" : format("; did you mean `{}`?", near));
}

}  // namespace

std::optional<SourceKey> source_key(const std::string& full_name) {
  const size_t begin = kSources.size() + 1;
  if (!full_name.starts_with(kSources) || full_name.size() <= begin || full_name[begin - 1] != '.') {
    return std::nullopt;
  }
  const size_t end = full_name.find_first_not_of("0123456789", begin);
  constexpr size_t kMostDigits = 3;
  if (end == begin || end == std::string::npos || full_name[end] != '.' || end - begin > kMostDigits) {
    return std::nullopt;
  }
  return SourceKey{std::stoul(full_name.substr(begin, end - begin)), format("{}{}", kSources, full_name.substr(end))};
}

void check_names(const Layers& layers) {
  const std::vector<std::string> sections = section_names();
  for (const auto& [name, place] : layers.sections()) {
    if (std::find(sections.begin(), sections.end(), name) == sections.end()) {
      fail_unknown("section", name, place, nearest(name, sections));
    }
  }
  for (const auto& [name, assignment] : layers.values()) {
    if (!is_known(name)) {
      const auto source = source_key(name);
      fail_unknown("key", name, assignment.place, suggestion(source ? source->name : name));
    }
  }
}

}  // namespace cambium::config
