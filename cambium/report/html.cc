#include "cambium/report/html.h"

#include <cmath>

#include "cambium/base/format.h"
#include "cambium/base/text.h"

namespace cambium::report {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMinus = "\u2212", kReplacement = "\uFFFD";

/// With the minus sign that is as wide as a plus.
std::string with_minus(std::string text) {
  if (!text.starts_with('-')) {
    return text;
  }
  return std::string(kMinus) + text.substr(1);
}

std::string without_number(double value) {
  return std::isnan(value) ? "NaN" : value > 0 ? "\u221e" : std::string(kMinus) + "\u221e";
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t valid = std::min(find_invalid_utf8(text), text.size());
    for (const char c : text.substr(0, valid)) {
      switch (c) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\'':
          out += "&#39;";
          break;
        default:
          out += c;
      }
    }
    text.remove_prefix(valid);
    if (!text.empty()) {
      out += kReplacement;
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string number(double value, int digits) {
  if (!std::isfinite(value)) {
    return without_number(value);
  }
  const std::string text = format("{:.{}f}", value, digits);
  // What rounds to zero has no sign.
  return text.find_first_of("123456789") == std::string::npos && text.starts_with('-') ? text.substr(1)
                                                                                       : with_minus(text);
}

std::string signed_number(double value, int digits) {
  return std::isfinite(value) ? with_minus(format("{:+.{}f}", value, digits)) : without_number(value);
}

std::string rounded(double value) {
  if (!std::isfinite(value)) {
    return without_number(value);
  }
  std::string text = format("{:.4g}", value);
  if (const size_t plus = text.find("e+"); plus != std::string::npos) {
    text.erase(plus + 1, 1);
  }
  return with_minus(text);
}

std::string element(std::string_view tag, std::string_view content, std::string_view classes) {
  return classes.empty() ? format("<{0}>{1}</{0}>", tag, content)
                         : format("<{0} class=\"{2}\">{1}</{0}>", tag, content, classes);
}

Links::Links(const fs::path& page) : folder_(fs::weakly_canonical(fs::absolute(page).parent_path())) {}

std::string Links::address(const fs::path& file) const {
  const std::string path = fs::weakly_canonical(fs::absolute(file)).lexically_relative(folder_).generic_string();
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string Links::link(const fs::path& file, std::string_view content, std::string_view title) const {
  const std::string tip = title.empty() ? "" : format(" title=\"{}\"", escape(title));
  return format("<a href=\"{}\"{}>{}</a>", escape(address(file)), tip, content);
}

std::string Links::name(const fs::path& file) const {
  return link(file, escape(fs::weakly_canonical(fs::absolute(file)).lexically_relative(folder_).generic_string()));
}

std::string Table::html(std::string_view classes) const {
  std::string out = "<div class=\"scroll\"><table";
  out += classes.empty() ? ">" : format(" class=\"{}\">", classes);
  if (!caption.empty()) {
    out += element("caption", caption);
  }
  if (!head.empty()) {
    out += "<thead><tr>";
    for (const std::string& cell : head) {
      out += "<th scope=\"col\">" + cell + "</th>";
    }
    out += "</tr></thead>";
  }
  out += "<tbody>";
  for (const Row& row : rows) {
    if (row.heading) {
      out += format("<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{}\"><span>{}</span></th></tr>", head.size(),
                    row.cells.front());
      continue;
    }
    out += "<tr>";
    for (size_t i = 0; i < row.cells.size(); ++i) {
      out += i == 0 ? "<th scope=\"row\">" + row.cells[i] + "</th>" : "<td>" + row.cells[i] + "</td>";
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace cambium::report
