#pragma once

#include <ATen/ATen.h>

#include "cambium/config/device.h"
#include "cambium/model/llama.h"

namespace cambium::train {

/// What this build and this machine have.
config::CudaSupport cuda_support();

/// Where and in which type a run computes (config::choose_device).
struct Device {
  explicit Device(const config::RunSection& run);
  config::DeviceChoice choice;
  at::Device where;
  model::Precision precision;
};

/// Its name and what the ops run with there, for a first line of a run.
std::string describe(const Device& device);

}  // namespace cambium::train
