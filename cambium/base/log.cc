#include "cambium/base/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "cambium/base/error.h"

namespace cambium {
namespace {

struct Loggers {
  Loggers() : console(std::make_shared<spdlog::logger>("console", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    console->set_pattern("%v");
  }
  std::shared_ptr<spdlog::logger> console;
  std::shared_ptr<spdlog::logger> file;
  std::string follower;  ///< "": the process that tells everything
};

Loggers& loggers() {
  static Loggers instance;
  return instance;
}

void log_line(std::string_view prefix, std::string_view message) {
  const std::string line = loggers().follower + std::string(prefix) + std::string(message);
  loggers().console->info(spdlog::string_view_t(line));
  if (loggers().file) {
    loggers().file->info(spdlog::string_view_t(line));
  }
}

}  // namespace

void log_info(std::string_view message) {
  if (loggers().follower.empty()) {
    log_line("", message);
  }
}
void log_warning(std::string_view message) { log_line("warning: ", message); }
void log_error(std::string_view message) { log_line("error: ", message); }

void log_as_follower(std::string_view who) { loggers().follower = std::string(who) + ": "; }

void log_to_file(const std::filesystem::path& path, int64_t max_bytes) {
  try {
    auto sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path.string(), static_cast<size_t>(max_bytes),
                                                                       static_cast<size_t>(kOldLogs));
    loggers().file = std::make_shared<spdlog::logger>("file", std::move(sink));
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(format("{}: cannot open the log: {}", path.string(), error.what()));
  }
  loggers().file->set_pattern("%Y-%m-%d %H:%M:%S %v");
  loggers().file->flush_on(spdlog::level::info);
}

}  // namespace cambium
