#pragma once

#include <filesystem>
#include <ostream>
#include <string_view>
#include <vector>

namespace cambium::fuzz {

/// Bytes that somebody gives us.
class Input {
 public:
  Input(std::string_view bytes, const char* suffix) : bytes_(bytes), suffix_(suffix) {}
  std::string_view bytes() const { return bytes_; }
  /// The bytes as a file of this process's own, overwritten by the next input.
  std::filesystem::path file() const;

 private:
  std::string_view bytes_;
  const char* suffix_;
};

/// A reader of files from strangers.
struct Target {
  const char* name;
  const char* suffix;  ///< of the file, where readers go by it
  void (*read)(const Input& input);
};

/// How tests show it.
inline void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

const std::vector<Target>& targets();

/// Reads the bytes. Refusals (InvalidInput) are what bad input gets; every other exception escapes.
void run(const Target& target, std::string_view bytes);

}  // namespace cambium::fuzz
