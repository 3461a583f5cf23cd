#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/report/collect.h"
#include "cambium/report/page.h"
#include "cambium/report/summary.h"

int report_main(int argc, char** argv) {
  CLI::App app(
      "Makes one self-contained page from everything that lies below the directories: runs (config.toml, "
      "metrics.jsonl),\n"
      "evaluations (results_*.json) and analyses. Runs are grouped into variants and seeds by their names: lidas-s2 "
      "is\n"
      "seed 2 of lidas.");
  std::vector<std::filesystem::path> directories;
  cambium::report::PageOptions options;
  options.out = "report.html";
  options.version = CAMBIUM_VERSION;
  std::string baseline;
  app.add_option("DIR", directories, "Directories to search")->required()->type_name("DIR...");
  app.add_option("--out", options.out, "The page")->type_name("FILE")->capture_default_str();
  app.add_option("--baseline", baseline,
                 "The variant that others are compared with (default: the study's, else baseline, none, or the first "
                 "that does not grow)")
      ->type_name("NAME");
  app.add_option("--title", options.title, "Heading of the page");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  const cambium::report::Collection collection = cambium::report::collect(directories, baseline);
  if (options.out.has_parent_path()) {
    cambium::make_directories(options.out.parent_path());
  }
  cambium::write_file_atomic(options.out, make_page(collection, options));
  for (const std::string& sentence : cambium::report::summary(collection)) {
    std::puts(sentence.c_str());
  }
  std::printf("\nwritten to %s\n", options.out.c_str());
  return static_cast<int>(cambium::ExitCode::kDone);
}
