#include "cambium/formats/json.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/base/hash.h"
#include "cambium/base/text.h"

namespace cambium::formats {
namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kLinearKeys = 16;  ///< objects up to this size are searched for duplicates without a table

/// Byte offset of the bracket that opens level `kMaxDepth + 1`; only errors pay for this second look.
size_t offset_of_depth_limit(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return i;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return text.size();
}

/// The parser's own words without its prefix, made safe to print.
std::string reason_of(std::string_view message) {
  for (const std::string_view lead : {"syntax error while parsing ", "] "}) {
    if (const size_t at = message.find(lead); at != message.npos) {
      message.remove_prefix(at + lead.size());
      break;
    }
  }
  constexpr size_t kLongest = 200;
  const bool cut = message.size() > kLongest;
  std::string reason(message.substr(0, kLongest));
  while (true) {
    const size_t bad = find_invalid_utf8(reason);
    if (bad == std::string::npos) break;
    reason[bad] = '?';
  }
  return cut ? reason + "..." : reason;
}

/// Builds the value from the parser's events. The library's own builder looks every key up in a list, which makes a
/// vocabulary of 100,000 entries take minutes; it also keeps the last of duplicate keys silently and has no depth
/// limit.
class Builder {
 public:
  Builder(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  bool null() { return place(Json(nullptr)); }
  bool boolean(bool value) { return place(Json(value)); }
  bool number_integer(Json::number_integer_t value) { return place(Json(value)); }
  bool number_unsigned(Json::number_unsigned_t value) { return place(Json(value)); }
  bool number_float(Json::number_float_t value, const std::string&) { return place(Json(value)); }
  bool string(std::string& value) { return place(Json(std::move(value))); }
  bool binary(Json::binary_t&) { return false; }

  bool start_object(size_t) { return open(Json::object()); }
  bool start_array(size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    Level& level = levels_.back();
    auto& object = *level.value->get_ptr<Json::object_t*>();
    if (is_duplicate(level, object, name)) bad_input("{}: duplicate key `{}` in a JSON object", what_, name);
    object.emplace_back(std::move(name), nullptr);
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) {
    bad_input("{}: byte {}: not valid JSON: {}", what_, position == 0 ? 0 : position - 1, reason_of(error.what()));
  }

  Json take() { return std::move(root_); }

 private:
  struct Level {
    Json* value;
    std::unordered_set<uint64_t> key_hashes;
  };

  static bool is_duplicate(Level& level, const Json::object_t& object, const std::string& name) {
    const auto same = [&](const auto& entry) { return entry.first == name; };
    if (object.size() < kLinearKeys) return std::any_of(object.begin(), object.end(), same);
    if (level.key_hashes.empty()) {
      for (const auto& entry : object) level.key_hashes.insert(hash64(entry.first));
    }
    return !level.key_hashes.insert(hash64(name)).second && std::any_of(object.begin(), object.end(), same);
  }

  Json* put(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *levels_.back().value;
    if (parent.is_array()) {
      auto& array = *parent.get_ptr<Json::array_t*>();
      return &array.emplace_back(std::move(value));
    }
    Json& slot = parent.get_ptr<Json::object_t*>()->back().second;  // made by `key`
    slot = std::move(value);
    return &slot;
  }

  bool place(Json value) {
    put(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (levels_.size() == kMaxDepth) {
      bad_input("{}: byte {}: JSON is nested deeper than {} levels", what_, offset_of_depth_limit(text_), kMaxDepth);
    }
    // A container does not grow while one of its children is open, so the pointer stays good until `close`.
    levels_.push_back({put(std::move(value)), {}});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string_view what_;
  Json root_;
  std::vector<Level> levels_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  Builder builder(text, what);
  Json::sax_parse(text.begin(), text.end(), &builder);
  return builder.take();
}

Json read_json(const std::filesystem::path& path, int64_t max_bytes) {
  return parse_json(read_file(path, max_bytes), path.string());
}

}  // namespace cambium::formats
