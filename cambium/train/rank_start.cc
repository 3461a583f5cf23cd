#include "cambium/train/rank_start.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/dist/gloo.h"
#include "cambium/ops/cuda.h"

namespace cambium::train {
namespace fs = std::filesystem;

void take_own_gpu(const config::RunSection& run, const dist::Environment& environment) {
  if (environment.size > 1 && run.device != "cpu" && environment.local_rank) {
    const std::string own = dist::own_device(dist::process_variable("CUDA_VISIBLE_DEVICES"), *environment.local_rank);
    setenv("CUDA_VISIBLE_DEVICES", own.c_str(), /*overwrite=*/1);
  }
}

dist::Engine engine_for(const config::RunSection& run, const dist::Environment& environment) {
  if (environment.size == 1 || !Device(run).where.is_cuda()) {
    return dist::gloo;
  }
  if (!environment.local_rank) {
    bad_input("environment: LOCAL_RANK is not set; expected the number of the GPU that is this process's");
  }
  using Make = dist::Collectives* (*)(const dist::EngineOptions&);
  const auto make = reinterpret_cast<Make>(dlsym(ops::cuda().library, "cambium_nccl"));
  if (make == nullptr) {
    fail("the CUDA back end was built without NCCL (nccl.h), which several processes on GPUs need");
  }
  return [make](const dist::EngineOptions& options) { return std::unique_ptr<dist::Collectives>(make(options)); };
}

std::vector<dist::Fact> program_and_configuration(const config::RunConfig& config) {
  return {{"version of cambium", CAMBIUM_VERSION}, {"configuration", config::to_toml(config)}};
}

std::vector<dist::Fact> data_and_start(const RunSetup& setup, const Start& start) {
  std::string data;
  for (const data::Source& source : setup.mixture.sources()) {
    data += format("{} with hash {}\n", source.name, source.dataset.hash());
  }
  return {{"dataset", data},
          {"device or precision", format("{}, {}", setup.device.choice.device, setup.device.choice.precision)},
          {"start", format("{} at step {}", start.from, start.state.step)}};
}

void check_shared(const fs::path& run_directory, dist::Group& group) {
  if (group.size() == 1) {
    return;
  }
  const fs::path sign = run_directory / ".ranks";
  const std::string text = group.from_first(std::to_string(getpid()));
  if (group.leads()) {
    write_file_atomic(sign, text);
  }
  group.meet();
  const std::vector<std::string> seen = group.gather(fs::exists(sign) && read_file(sign) == text ? "yes" : "no");
  if (group.leads()) {
    fs::remove(sign);
  }
  const auto blind = std::find(seen.begin(), seen.end(), "no");
  if (blind != seen.end()) {
    bad_input("run.dir: rank {} does not see what rank 0 writes to {}; expected one folder that all machines share",
              blind - seen.begin(), run_directory.string());
  }
}

}  // namespace cambium::train
