#pragma once

#include <filesystem>

#include "cambium/formats/json.h"

/// What a directory is, as one JSON object whose `kind` is checkpoint, model, dataset, run or lens. Sizes and headers
/// are checked always, with `verify` every byte. Throws InvalidInput that names the file that is wrong.
cambium::formats::Json inspect_directory(const std::filesystem::path& directory, bool verify);
