#pragma once

#include <cstddef>
#include <string_view>

#include "cambium/base/function_ref.h"

namespace cambium {

/// Calls `each` with every whole line of a text, without its "\n", until it gives false; what stands behind the last
/// "\n" was cut off by a kill. Gives the bytes of the lines that were taken.
inline std::size_t take_lines(std::string_view text, FunctionRef<bool(std::string_view line)> each) {
  std::size_t taken = 0;
  for (std::size_t end; (end = text.find('\n', taken)) != text.npos; taken = end + 1) {
    if (!each(text.substr(taken, end - taken))) {
      break;
    }
  }
  return taken;
}

}  // namespace cambium
