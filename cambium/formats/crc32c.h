#pragma once

#include <cstdint>
#include <string_view>

namespace cambium::formats {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view bytes);

/// The form TFRecord stores: rotated right by 15 bits, plus a constant, so that checksums of data that holds checksums
/// stay useful.
uint32_t masked_crc32c(std::string_view bytes);

}  // namespace cambium::formats
