#pragma once

#include <cstddef>
#include <span>

namespace cambium {

/// Tells the system that these bytes of a mapped file will be read soon, so that it fetches them meanwhile. Waits for
/// nothing, and changes nothing where the system does not listen.
void read_ahead(std::span<const std::byte> bytes);

/// Tells the system that a mapped file will be read here and there: fetching what stands behind a read is of no use.
void expect_random_reads(std::span<const std::byte> bytes);

}  // namespace cambium
