#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cambium::study {

/// A command that runs beside this process. It dies with it (SIGKILL, should this process be killed), and is not in its
/// terminal's group: a Ctrl-C is passed on once, by whoever asks for it.
class Process {
 public:
  /// Starts `program`; its output goes to `log` (emptied first). `cores`: the share [first, first + count) of this
  /// process's cores that it may use; count 0: all. Throws Error where it cannot be started.
  struct Cores {
    int first = 0, count = 0;
  };
  Process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
          const std::filesystem::path& log, Cores cores);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Kills and waits for it, where it still runs.
  ~Process();

  /// The exit code once it has ended; 128 + the signal that killed it.
  std::optional<int> poll();
  /// Asks it to stop.
  void terminate();

 private:
  pid_t pid_ = -1;
  std::optional<int> code_;
};

}  // namespace cambium::study
