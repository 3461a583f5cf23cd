#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "cambium/dist/works.h"

/// Collectives for tensors on GPUs, in the library of the CUDA back end.
namespace cambium::dist {
namespace {

c10::intrusive_ptr<c10d::Backend> make_engine(const EngineOptions& options) {
  auto settings = c10d::ProcessGroupNCCL::Options::create();
  settings->timeout = options.timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(options.store, static_cast<int>(options.place.rank),
                                                     static_cast<int>(options.place.size), settings);
}

class Nccl : public EngineCollectives {
 public:
  explicit Nccl(const EngineOptions& options) : EngineCollectives(make_engine(options), options) {}

  std::unique_ptr<Pending> start_sum_to_owners(const at::Tensor& flat) override {
    return start_works(on_failure_, [&] {
      Cut cut(place_, flat);
      std::vector<Works::Work> works;
      if (cut.all.numel() > 0) {
        works.push_back(engine_->_reduce_scatter_base(cut.own, cut.all));
      }
      if (cut.rest.numel() > 0) {
        works.push_back(sum(cut.rest));
      }
      return works;
    });
  }
};

}  // namespace
}  // namespace cambium::dist

extern "C" __attribute__((visibility("default"))) cambium::dist::Collectives* cambium_nccl(
    const cambium::dist::EngineOptions& options) {
  return new cambium::dist::Nccl(options);
}
