#include "apps/cambium/options.h"

#include <cstdio>

#include "cambium/base/error.h"

std::optional<int> parse_options(CLI::App& app, int argc, char** argv) {
  app.name(argv[0]);
  app.get_formatter()->column_width(36);
  app.option_defaults()->always_capture_default();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return static_cast<int>(cambium::ExitCode::kDone);
  } catch (const CLI::CallForAllHelp&) {
    std::fputs(app.help("", CLI::AppFormatMode::All).c_str(), stdout);
    return static_cast<int>(cambium::ExitCode::kDone);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "error: %s: %s\n  HINT: `%s --help` lists the options\n", argv[0], error.what(), argv[0]);
    return static_cast<int>(cambium::ExitCode::kBadInput);
  }
  return std::nullopt;
}
