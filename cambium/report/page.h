#pragma once

#include <filesystem>
#include <string>

#include "cambium/report/collect.h"

namespace cambium::report {

struct PageOptions {
  std::filesystem::path out;  ///< where the page will lie: links are relative to it
  std::string title;          ///< "": the study's name, else of the directories
  std::string version;        ///< of the program
};

/// The whole page: one HTML file that loads nothing.
std::string make_page(const Collection& collection, const PageOptions& options);

}  // namespace cambium::report
