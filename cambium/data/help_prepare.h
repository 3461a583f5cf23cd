#pragma once

#include <vector>

#include "cambium/data/batch_encoder.h"
#include "cambium/data/prepare_team.h"

namespace cambium::data {

/// What a rank but the first does in a preparation that begins, or goes on, at `from`: encodes the batches of its turns
/// with `threads` threads and hands them over, waiting where rank 0 has some MB of them to take yet. What ends the
/// command (bad input, a signal) is handed over in the place of a batch: rank 0 ends it, at that place of the input.
void help_prepare(const BatchEncoder& encoder, const std::vector<InputFile>& files, const TextTemplate& text,
                  const InputPosition& from, int threads, PrepareTeam& team);

}  // namespace cambium::data
