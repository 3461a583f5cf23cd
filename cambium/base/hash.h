#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cambium {

/// XXH3-128 over a stream of bytes. `hex()` is 32 lower-case digits, most significant first, as `xxhsum -H2` prints.
class Hasher {
 public:
  Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string hash_hex(std::string_view bytes);
/// Streams the file; throws InvalidInput where it cannot be read.
std::string hash_file(const std::filesystem::path& path);
/// 64-bit XXH3, for seeds and tables.
uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace cambium
