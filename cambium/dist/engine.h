#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "cambium/dist/collectives.h"
#include "cambium/dist/partition.h"

namespace cambium::dist {

/// Hears of a collective that failed, and does not return.
using OnFailure = std::function<void(const std::string& what)>;

/// What the collectives of a group are made with.
struct EngineOptions {
  c10::intrusive_ptr<c10d::Store> store;  ///< through which the ranks find each other
  Partition place;
  std::string host;  ///< an address of this machine that the others reach
  std::chrono::milliseconds timeout;
  OnFailure on_failure;
};

/// Makes them; throws Error where that fails.
using Engine = std::function<std::unique_ptr<Collectives>(const EngineOptions&)>;

}  // namespace cambium::dist
