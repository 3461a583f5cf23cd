#include "cambium/model/rope_table.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace cambium::model {
namespace {

/// Llama 3.1: long wavelengths are slowed by `factor`, short ones kept, those between interpolated.
float llama3_scaled(float frequency, const Llama3Rope& scaling) {
  const double original = static_cast<double>(scaling.original_max_position_embeddings);
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength > original / scaling.low_freq_factor) {
    return static_cast<float>(frequency / scaling.factor);
  }
  if (wavelength < original / scaling.high_freq_factor) {
    return frequency;
  }
  const double smooth =
      (original / wavelength - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return static_cast<float>((1 - smooth) * frequency / scaling.factor + smooth * frequency);
}

}  // namespace

ops::RopeTable rope_table(const ModelConfig& config, int64_t positions, at::Device device) {
  const int64_t half = config.head_dim() / 2;
  ops::RopeTable table{at::empty({positions, half}, at::kFloat), at::empty({positions, half}, at::kFloat)};
  float* cosines = table.cos.mutable_data_ptr<float>();
  float* sines = table.sin.mutable_data_ptr<float>();
  for (int64_t i = 0; i < half; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim());
    float frequency = 1.0F / std::pow(static_cast<float>(config.rope_theta), exponent);
    if (config.rope_scaling) {
      frequency = llama3_scaled(frequency, *config.rope_scaling);
    }
    for (int64_t position = 0; position < positions; ++position) {
      const float angle = static_cast<float>(position) * frequency;
      cosines[position * half + i] = std::cos(angle);
      sines[position * half + i] = std::sin(angle);
    }
  }
  return {table.cos.to(device), table.sin.to(device)};
}

}  // namespace cambium::model
