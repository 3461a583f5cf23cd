#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "cambium/base/files.h"
#include "cambium/base/progress.h"
#include "cambium/formats/json.h"

namespace cambium::analysis {

/// Units of work (a prompt, an order of layers) with their results, kept in a file so that a killed analysis goes on
/// where it was, and shared by the analyses that need the same. Shows progress, and stops at a signal.
class Partial {
 public:
  /// `file` empty: results are only kept in memory. `key` says what they depend on; a file with another key is begun
  /// anew.
  Partial(std::filesystem::path file, std::string key);

  /// The analysis that works now, for the progress line; and its end.
  void begin(std::string name);
  void end();

  /// How many units there will be, for the progress line.
  void expect(int64_t units, const std::string& unit);
  /// The result of a unit: what an earlier call left, or what `work` gives now. Throws Stopped at a signal.
  formats::Json get(const std::string& unit, const std::function<formats::Json()>& work);
  /// The same in two steps, for units that are worked on together: what is there already, and what was made now.
  const formats::Json* find(const std::string& unit) const;
  void keep(const std::string& unit, formats::Json value);
  /// One more unit is done of work too short to be kept. Throws Stopped at a signal.
  void step();
  /// Throws Stopped at a signal.
  void check_signal() const;

 private:
  void read();

  std::string name_;
  std::filesystem::path file_;
  std::string key_;
  std::map<std::string, formats::Json> done_;
  std::optional<FileWriter> out_;
  std::optional<Progress> progress_;
  int64_t count_ = 0;
};

}  // namespace cambium::analysis
