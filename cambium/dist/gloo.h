#pragma once

#include <memory>

#include "cambium/dist/engine.h"

namespace cambium::dist {

/// Collectives for tensors on the CPU (Gloo, over TCP). Throws Error where this build has no Gloo.
std::unique_ptr<Collectives> gloo(const EngineOptions& options);

}  // namespace cambium::dist
