#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cambium::report {

/// Text as HTML shows it, in content and in quoted attributes: & < > " ' as entities; bytes that are not valid UTF-8
/// become U+FFFD.
std::string escape(std::string_view text);

/// A number with so many digits behind the point; "NaN", "∞" and a real minus sign.
std::string number(double value, int digits);
/// With a sign in any case: "+0.012", "−0.5".
std::string signed_number(double value, int digits);
/// Four significant digits in the shortest form: "4.14e13", "157".
std::string rounded(double value);

/// <tag class="...">content</tag>; the content is HTML.
std::string element(std::string_view tag, std::string_view content, std::string_view classes = "");

/// Links from the page to the files that numbers came from.
class Links {
 public:
  /// `page`: the file that the page is written to.
  explicit Links(const std::filesystem::path& page);
  /// The address of a file as seen from the page: relative, percent-encoded, not yet escaped.
  std::string address(const std::filesystem::path& file) const;
  /// <a href="...">content</a>, with a title where there is one; the content is HTML, the title text.
  std::string link(const std::filesystem::path& file, std::string_view content, std::string_view title = "") const;
  /// The file by its (relative) path.
  std::string name(const std::filesystem::path& file) const;

 private:
  std::filesystem::path folder_;
};

/// A table whose first column names the rows. Cells are HTML.
struct Table {
  std::string caption;
  std::vector<std::string> head;
  struct Row {
    std::vector<std::string> cells;
    bool heading = false;  ///< one cell across the table
  };
  std::vector<Row> rows;
  std::string html(std::string_view classes = "") const;
};

}  // namespace cambium::report
