#pragma once

#include <chrono>
#include <functional>

#include "cambium/dist/engine.h"
#include "cambium/dist/environment.h"
#include "cambium/dist/group.h"

namespace cambium::dist {

struct JoinOptions {
  std::chrono::milliseconds timeout;
  /// How long the others wait for what a rank that lives does on its own; 0: not longer than for a sign of life.
  std::chrono::milliseconds patience{0};
  Engine engine;  ///< of the collectives, by where their tensors lie: gloo() on the CPU
};

/// Calls `work` with the processes of the environment once all have come; where one of them throws, the others end too.
/// Throws Error where some do not come within the time-out, naming them, and where the port is in use.
void with_group(const Environment& environment, const JoinOptions& options, const std::function<void(Group&)>& work);

}  // namespace cambium::dist
