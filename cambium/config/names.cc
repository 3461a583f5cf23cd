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

/// True for every key that some table of keys knows, and for those that hold tables themselves.
bool is_known(const std::string& name) {
  if (const auto entry = list_key(name)) {
    return find_key(source_keys(), entry->name) != nullptr || find_key(event_keys(), entry->name) != nullptr;
  }
  const bool entry_without_key = list_key(name + ".x").has_value();
  return is_one_of(kTables, name) || is_one_of(kLists, name) || entry_without_key ||
         find_key(run_keys(), name) != nullptr || find_key(rope_keys(), name) != nullptr ||
         find_key(loop_keys(), name) != nullptr || find_key(symmetrize_keys(), name) != nullptr;
}

std::string section_of(const std::string& key) { return key.substr(0, key.rfind('.')); }
std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

/// What an unknown key may stand for: the same name in other sections, else the nearest name, else what its section
/// has.
std::string hint_for_key(const std::string& unknown) {
  std::vector<std::string> known(kTables.begin(), kTables.end());
  for (const KeyDoc& doc : key_docs()) {
    known.push_back(doc.key);
  }
  std::vector<std::string> same_name;
  std::vector<std::string> same_section;
  for (const std::string& key : known) {
    if (last_part(key) == last_part(unknown)) {
      same_name.push_back(key);
    }
    if (section_of(key) == section_of(unknown)) {
      same_section.push_back(last_part(key));
    }
  }
  if (const std::string near = nearest(last_part(unknown), same_section); !near.empty()) {
    return format("; did you mean `{}.{}`?", section_of(unknown), near);
  }
  if (!same_name.empty()) {
    return format("; did you mean `{}`?", join(same_name, "` or `"));
  }
  if (const std::string hint = did_you_mean(unknown, known); !hint.empty()) {
    return hint;
  }
  return same_section.empty() ? "" : format("; [{}] has: {}", section_of(unknown), join(same_section, ", "));
}

std::string hint_for_section(const std::string& unknown, const std::vector<std::string>& known) {
  const std::string hint = did_you_mean(unknown, known);
  return hint.empty() ? format("; expected one of {}", join(known, ", ")) : hint;
}

[[noreturn]] void fail_unknown(std::string_view kind, const std::string& name, const Place& place,
                               const std::string& hint) {
  bad_input("{}: unknown {} `{}`{}{}", place.what, kind, name,
            place.overridden() ? "" : format(" (line {})", place.line), hint);
}

}  // namespace

std::optional<ListKey> list_key(const std::string& full_name) {
  for (const std::string_view list : kLists) {
    const size_t begin = list.size() + 1;
    if (!full_name.starts_with(list) || full_name.size() <= begin || full_name[begin - 1] != '.') {
      continue;
    }
    const size_t end = full_name.find_first_not_of("0123456789", begin);
    constexpr size_t kMostDigits = 3;
    if (end == begin || end == std::string::npos || full_name[end] != '.' || end - begin > kMostDigits) {
      continue;
    }
    return ListKey{list, std::stoul(full_name.substr(begin, end - begin)), format("{}{}", list, full_name.substr(end))};
  }
  return std::nullopt;
}

void check_names(const Layers& layers) {
  const std::vector<std::string> sections = section_names();
  for (const auto& [name, place] : layers.sections()) {
    if (std::find(sections.begin(), sections.end(), name) == sections.end()) {
      fail_unknown("section", name, place, hint_for_section(name, sections));
    }
  }
  for (const auto& [name, assignment] : layers.values()) {
    if (!is_known(name)) {
      const auto entry = list_key(name);
      fail_unknown("key", name, assignment.place, hint_for_key(entry ? entry->name : name));
    }
  }
}

}  // namespace cambium::config
