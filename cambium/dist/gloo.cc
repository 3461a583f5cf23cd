#include "cambium/dist/gloo.h"

#include "cambium/base/error.h"

// LibTorch has Gloo in it, but not Gloo's headers: those are Debian's libgloo-dev.
#if __has_include(<gloo/context.h>)
#define USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "cambium/dist/works.h"

namespace cambium::dist {
namespace {

/// Threads that carry collectives out, one at a time each: so many may wait for the network at once.
constexpr int kThreads = 4;

c10::intrusive_ptr<c10d::Backend> make_engine(const EngineOptions& options) {
  auto settings = c10d::ProcessGroupGloo::Options::create(options.timeout);
  settings->threads = kThreads;
  settings->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(options.host));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(options.store, static_cast<int>(options.place.rank),
                                                     static_cast<int>(options.place.size), settings);
}

class Gloo : public EngineCollectives {
 public:
  explicit Gloo(const EngineOptions& options) : EngineCollectives(make_engine(options), options) {}
  /// Gloo has no sum that leaves out what a rank does not need.
  std::unique_ptr<Pending> start_sum_to_owners(const at::Tensor& flat) override { return start_sum(flat); }
};

}  // namespace

std::unique_ptr<Collectives> gloo(const EngineOptions& options) { return std::make_unique<Gloo>(options); }

}  // namespace cambium::dist

#else

namespace cambium::dist {

std::unique_ptr<Collectives> gloo(const EngineOptions&) {
  fail("this program was built without Gloo, which several processes on CPUs need (Debian: libgloo-dev)");
}

}  // namespace cambium::dist

#endif
