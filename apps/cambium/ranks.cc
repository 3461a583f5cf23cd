#include "apps/cambium/ranks.h"

#include <ATen/Parallel.h>

#include <chrono>

#include "cambium/base/cpu.h"
#include "cambium/dist/environment.h"
#include "cambium/dist/gloo.h"
#include "cambium/dist/join.h"

int with_ranks(const std::function<int(cambium::dist::Group&)>& work) {
  using namespace cambium;
  // A rank may work on its share for long; one that lives says so all the while.
  constexpr auto kTimeout = std::chrono::minutes(1);
  constexpr auto kPatience = std::chrono::hours(24 * 7);
  const dist::Environment environment = dist::read_environment();
  if (environment.size > 1) {
    at::set_num_threads(thread_count(/*wanted=*/0, environment.local_size));
  }
  int exit_code = 0;
  dist::with_group(environment, {.timeout = kTimeout, .patience = kPatience, .engine = dist::gloo},
                   [&](dist::Group& group) { exit_code = work(group); });
  return exit_code;
}
