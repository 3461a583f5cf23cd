#include "bench/machine.h"

#include <ATen/Parallel.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "cambium/ops/kernels/kernels.h"

namespace cambium::bench {
namespace {

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) {
      const size_t begin = line.find_first_not_of(" \t", line.find(':') + 1);
      return begin == std::string::npos ? "" : line.substr(begin);
    }
  }
  return "";
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

Machine this_machine(bool bfloat16) {
  return {.cpu = cpu_name(),
          .threads = at::get_num_threads(),
          .kernels = ops::kernels::kernels().name,
          .products = ops::kernels::own_products(bfloat16) ? "own" : "library",
          .load = load_average()};
}

}  // namespace cambium::bench
