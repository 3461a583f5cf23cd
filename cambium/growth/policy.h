#pragma once

#include <cstdint>
#include <string>

namespace cambium::growth {

/// What a growth does beside copying.
struct Policy {
  /// AdamW state of the new layers: copy (their sources'), zero (none), copy_reset_step (their sources' moments, with
  /// bias correction as at the first step).
  std::string moments = "copy";
  double noise = 0;            ///< added to each matrix W of the new layers: noise * rms(W) * normal(0, 1)
  double output_scale = 1;     ///< times o_proj and down_proj of the new layers
  double init_std = 0;         ///< of layers drawn anew; 0: 1/sqrt(hidden_size)
  uint64_t seed = 1;           ///< of the noise and of layers drawn anew
  int64_t rewarmup_steps = 0;  ///< step i behind the growth, from 0, uses (i + 1) / rewarmup_steps of the learning rate
  int64_t freeze_steps = 0;    ///< only the new layers are trained for so many steps

  bool operator==(const Policy&) const = default;
};

}  // namespace cambium::growth
