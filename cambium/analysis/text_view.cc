#include <algorithm>
#include <cmath>
#include <map>

#include "cambium/analysis/results.h"
#include "cambium/base/format.h"

namespace cambium::analysis {
namespace {

using formats::Json;

constexpr int kBarWidth = 8;
constexpr size_t kTableColumns = 4, kListEntries = 8, kNumberColumns = 8;

/// Four significant digits, at most nine characters.
std::string number(const Json& value) {
  if (!value.is_number()) {
    return value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.dump();
  }
  return format("{:.4g}", value.get<double>());
}

/// A bar of eighths of characters, `share` of the full width.
std::string bar(double share) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kBarWidth * 8));
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) {
    text += "█";
  }
  text += kEighths[eighths % 8];
  const int used = eighths / 8 + (eighths % 8 > 0 ? 1 : 0);
  return format("{}{:{}}", text, "", kBarWidth - used);
}

/// Smallest and largest number below `value`.
void range(const Json& value, double& low, double& high) {
  if (value.is_array()) {
    for (const Json& entry : value) {
      range(entry, low, high);
    }
  } else if (value.is_number()) {
    low = std::min(low, value.get<double>());
    high = std::max(high, value.get<double>());
  }
}

/// Arrays of one length side by side; bars show absolute values beside the column's largest.
std::string table(const Json& values, const std::vector<std::string>& names) {
  const size_t rows = values.at(names[0]).size();
  std::string text = "  index";
  for (const std::string& name : names) {
    text += format("  {:<{}}", name, std::max<size_t>(name.size(), 10 + kBarWidth));
  }
  text += "\n";
  for (size_t row = 0; row < rows; ++row) {
    text += format("  {:>5}", row);
    for (const std::string& name : names) {
      double low = 0, high = 0;
      range(values.at(name), low, high);
      const Json& value = values.at(name)[row];
      const double most = std::max(std::abs(low), std::abs(high));
      const double share = value.is_number() && most > 0 ? std::abs(value.get<double>()) / most : 0;
      const size_t width = std::max<size_t>(name.size(), 10 + kBarWidth);
      text += format("  {:>9} {}{:{}}", number(value), bar(share), "", width - 10 - kBarWidth);
    }
    while (text.back() == ' ') {
      text.pop_back();
    }
    text += "\n";
  }
  return text;
}

/// A few sizes or names, or arrays of more than one index with few columns, are read best as they are.
bool is_short_list(const Json& value) {
  return value.size() <= 2 ||
         (value.size() <= kListEntries && std::all_of(value.begin(), value.end(), [](const Json& e) {
            return e.is_string() || e.is_number_integer();
          }));
}

std::string line_of(const std::string& name, const Json& list) {
  std::string text = format("  {:<24}", name);
  for (const Json& entry : list) {
    text += format(" {}", number(entry));
  }
  return format("{}\n", text);
}

/// The numbers of an array with a few columns.
std::string numbers(const std::string& name, const Json& grid) {
  std::string text = format("  {}\n", name);
  for (size_t row = 0; row < grid.size(); ++row) {
    text += format("  {:>5}", row);
    for (const Json& value : grid[row]) {
      text += format("  {:>9}", number(value));
    }
    text += "\n";
  }
  return text;
}

/// A picture of shades, one line a first index.
std::string picture(const std::string& name, const Json& grid) {
  static constexpr const char* kShades[] = {"  ", "░░", "▒▒", "▓▓", "██"};
  double low = INFINITY, high = -INFINITY;
  range(grid, low, high);
  std::string text = format("  {}, from {:.4g} (blank) to {:.4g} (full)\n", name, low, high);
  for (size_t row = 0; row < grid.size(); ++row) {
    text += format("  {:>5}  ", row);
    for (const Json& value : grid[row]) {
      const double share = value.is_number() && high > low ? (value.get<double>() - low) / (high - low) : 0;
      text += value.is_null() ? "· " : kShades[static_cast<size_t>(std::lround(share * 4))];
    }
    while (text.back() == ' ') {
      text.pop_back();
    }
    text += "\n";
  }
  return text;
}

}  // namespace

std::string to_text(const Values& values) {
  std::string single, tables, pictures;
  std::map<size_t, std::vector<std::string>> by_length;
  for (const auto& [name, value] : values.items()) {
    if (!value.is_array()) {
      single += format("  {:<24} {}\n", name, number(value));
    } else if (!value.empty() && value[0].is_array()) {
      if (value[0].empty() || !value[0][0].is_array()) {
        pictures += value[0].size() <= kNumberColumns ? numbers(name, value) : picture(name, value);
      }
    } else if (is_short_list(value)) {
      single += line_of(name, value);
    } else if (!value.empty()) {
      by_length[value.size()].push_back(name);
    }
  }
  for (auto entry = by_length.rbegin(); entry != by_length.rend(); ++entry) {
    for (size_t first = 0; first < entry->second.size(); first += kTableColumns) {
      const auto begin = entry->second.begin() + static_cast<std::ptrdiff_t>(first);
      const auto count = std::min(kTableColumns, entry->second.size() - first);
      tables += table(values, {begin, begin + static_cast<std::ptrdiff_t>(count)});
    }
  }
  return single + tables + pictures;
}

}  // namespace cambium::analysis
