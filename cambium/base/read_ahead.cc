#include "cambium/base/read_ahead.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace cambium {
namespace {

/// Advice is about whole pages.
void advise(std::span<const std::byte> bytes, int advice) {
  if (bytes.empty()) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t first = begin / page * page;
  ::madvise(reinterpret_cast<void*>(first), begin + bytes.size() - first, advice);
}

}  // namespace

void read_ahead(std::span<const std::byte> bytes) { advise(bytes, MADV_WILLNEED); }

void expect_random_reads(std::span<const std::byte> bytes) { advise(bytes, MADV_RANDOM); }

}  // namespace cambium
