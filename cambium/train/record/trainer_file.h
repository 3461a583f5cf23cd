#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cambium/formats/json.h"
#include "cambium/train/record/record.h"

namespace cambium::train {

inline constexpr const char* kTrainerFile = "trainer.json";

/// What trainer.json holds.
struct TrainerFile {
  TrainRecord record;
  std::vector<DataPosition> position;
  uint64_t seed = 0;
};

/// The content of a trainer.json of a model of that many layers. Throws InvalidInput that names `what` and the key.
TrainerFile trainer_file_from_json(const formats::Json& json, const std::string& what, int64_t num_layers);

/// Likewise, of the file in a checkpoint's directory.
TrainerFile read_trainer_file(const std::filesystem::path& directory, int64_t num_layers);

/// Writes it; flushed to the disk by who stages the directory.
void write_trainer_file(const std::filesystem::path& directory, const TrainRecord& record,
                        const std::vector<DataPosition>& position, uint64_t seed);

}  // namespace cambium::train
