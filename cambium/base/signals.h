#pragma once

namespace cambium {

/// While one of these lives, SIGINT and SIGTERM ask the work to stop at its next safe point instead of killing the
/// process; a second SIGINT kills at once. One at a time.
class StopRequest {
 public:
  StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  ~StopRequest();

  /// The signal that asked, or 0.
  static int signal();
  /// Throws Stopped with this message where one asked.
  static void throw_if_asked(const char* message = "stopped by a signal; nothing was written");
};

}  // namespace cambium
