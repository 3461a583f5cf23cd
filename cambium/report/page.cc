#include "cambium/report/page.h"

#include <array>

#include "cambium/base/format.h"
#include "cambium/base/text.h"
#include "cambium/report/assets.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

constexpr std::array kSections{summary_section,    results_section,    claims_section, tasks_section, training_section,
                               growth_section,     signatures_section, depth_section,  order_section, sublayer_section,
                               similarity_section, attention_section,  made_section};

/// A sheet of paper, as a picture in the tab.
constexpr std::string_view kIcon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23287a5d' d='M2 "
    "12h12v2H2zM4 8h8v2H4zM6 4h4v2H6z'/%3E%3C/svg%3E";

std::string title_of(const Collection& collection, const PageOptions& options) {
  if (!options.title.empty()) {
    return options.title;
  }
  std::vector<std::string> names;
  for (const StudyFile& study : collection.studies) {
    if (!study.name.empty()) {
      names.push_back(study.name);
    }
  }
  if (names.empty()) {
    for (const Variant& variant : collection.variants) {
      names.push_back(variant.name);
    }
  }
  return join(names, ", ");
}

/// What stands in a script element must not close it.
std::string script(std::string_view content) {
  std::string text(content);
  for (size_t at = text.find("</script"); at != std::string::npos; at = text.find("</script", at + 2)) {
    text.insert(at + 1, "\\");
  }
  return "<script>" + text + "</script>\n";
}

}  // namespace

std::string make_page(const Collection& collection, const PageOptions& options) {
  const Links links(options.out);
  std::string contents, body;
  for (const auto& make : kSections) {
    const Section section = make(collection, links);
    if (!section.body.empty()) {
      contents += format("<li><a href=\"#{}\">{}</a></li>", section.id, escape(section.title));
      body += format("<section id=\"{}\"><h2>{}</h2>{}</section>\n", section.id, escape(section.title), section.body);
    }
  }
  const std::string title = escape(title_of(collection, options));
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title + "</title>\n";
  page +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"generator\" "
      "content=\"cambium " +
      escape(options.version) + "\"><link rel=\"icon\" href=\"" + std::string(kIcon) + "\">\n<style>";
  page += style_sheet();
  page += "</style></head><body>\n<header><div><p class=\"kind\">Cambium report</p><h1>" + title +
          "</h1></div><button type=\"button\" id=\"theme\" hidden>Theme</button></header>\n";
  page += "<nav aria-label=\"Contents\"><ul>" + contents + "</ul></nav>\n<main>\n" + body + "</main>\n";
  page +=
      "<footer><p>Made by cambium " + escape(options.version) +
      ". Links lead to the files that numbers came from, relative to where this page was written; plots are drawn by "
      "Plotly.js (MIT License), which is part of this file.</p></footer>\n";
  page += script(plotly()) + script(page_script());
  return page + "</body></html>\n";
}

}  // namespace cambium::report
