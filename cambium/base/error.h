#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "cambium/base/format.h"

namespace cambium {

/// How the program ends; the values are part of the interface.
enum class ExitCode : int { kDone = 0, kFailed = 1, kBadInput = 2, kStopped = 3 };

/// Ends a command with a message for the user: exit code 1, something failed while running (disk, memory, device).
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
  virtual ExitCode exit_code() const { return ExitCode::kFailed; }
};

/// The disk has no room. What was to be written may be written later, once there is some again.
class DiskFull : public Error {
 public:
  using Error::Error;
};

/// The user's input is wrong (usage, configuration, file content): exit code 2. The message names the file, the place
/// in it (key, line or byte offset), what was found and what was expected.
class InvalidInput : public Error {
 public:
  using Error::Error;
  ExitCode exit_code() const override { return ExitCode::kBadInput; }
};

/// A caller broke a function's contract with values that may come from the user (a depth that is no multiple of the
/// block, say): exit code 2.
class InvalidArgument : public InvalidInput {
 public:
  using InvalidInput::InvalidInput;
};

/// Stopped by a signal after saving: exit code 3.
class Stopped : public Error {
 public:
  using Error::Error;
  ExitCode exit_code() const override { return ExitCode::kStopped; }
};

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) {
  throw Error(fmt::format(text, std::forward<Args>(args)...));
}

template <typename... Args>
[[noreturn]] void bad_input(fmt::format_string<Args...> text, Args&&... args) {
  throw InvalidInput(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace cambium
