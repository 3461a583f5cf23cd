#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cambium/config/run_config.h"

/// `cambium bench train`.
class BenchTrainCommand {
 public:
  explicit BenchTrainCommand(CLI::App& parent);
  CLI::App* app;
  int run();

 private:
  cambium::config::RunConfig load() const;

  std::string config_, precision_, device_;
  std::vector<std::string> overrides_;
  std::optional<int64_t> vocab_, hidden_, intermediate_, layers_, heads_, kv_heads_, sequence_length_, sequences_,
      micro_batch_;
  int threads_ = 0, repeats_ = 5;
  double seconds_ = 2;
  bool json_ = false, brief_ = false;
};

/// `cambium bench ops`.
class BenchOpsCommand {
 public:
  explicit BenchOpsCommand(CLI::App& parent);
  CLI::App* app;
  int run();

 private:
  std::string filter_, precision_ = "both";
  int threads_ = 0;
  double seconds_ = 0.3;
  bool json_ = false;
};

/// `cambium bench data`.
class BenchDataCommand {
 public:
  explicit BenchDataCommand(CLI::App& parent);
  CLI::App* app;
  int run();

 private:
  std::vector<std::string> datasets_;
  double rate_ = 1e6, seconds_ = 5;
  int64_t sequence_length_ = 2048, sequences_ = 16, micro_batch_ = 0;
  bool json_ = false;
};

/// `cambium bench tokenizer`.
class BenchTokenizerCommand {
 public:
  explicit BenchTokenizerCommand(CLI::App& parent);
  CLI::App* app;
  int run();

 private:
  std::string tokenizer_, input_;
  int threads_ = 0;
  double seconds_ = 1;
  bool json_ = false;
};
