#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "cambium/analysis/analysis.h"
#include "cambium/dist/group.h"

namespace cambium::analysis {

/// Runs analyses one after the other. With `out`, each leaves its files there when it is done, is not run again where
/// they were made from the same model, prompts and settings, and goes on where it was killed (units of work in
/// OUT/.partial). `shown` hears every analysis with its values, and whether they had been there already. `weights_hash`
/// stands for the model's weights. Throws Stopped at a signal.
///
/// The ranks of a group share the analyses, those of the same units on the same rank, by means of `out`, which they
/// need. Only the first rank's `shown` hears of them, when all are there.
void analyze(model::Llama& model, const std::string& weights_hash, const PromptSet& prompts, const Settings& settings,
             std::span<const Analysis* const> wanted, const std::filesystem::path& out,
             const std::function<void(const Analysis&, const Values&, bool were_there)>& shown,
             dist::Group& group = *dist::alone());

/// XXH3-128 over the configuration and the weights' files of a model's directory.
std::string hash_weights(const std::filesystem::path& model);

}  // namespace cambium::analysis
