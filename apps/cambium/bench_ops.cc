#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/cambium/bench_commands.h"
#include "apps/cambium/lines.h"
#include "bench/machine.h"
#include "bench/op_table.h"
#include "cambium/base/cpu.h"
#include "cambium/base/error.h"
#include "cambium/base/progress.h"
#include "cambium/formats/json.h"

namespace {

using cambium::format;
using cambium::bench::OpCase;
using cambium::bench::OpComparison;
using cambium::formats::Json;

void print_line(const std::string& line) {
  print(line);
  std::fflush(stdout);  // one comes every second or so
}

void print_head(const cambium::bench::Machine& machine, const char* precision) {
  print_line(format("{}: {}, {} threads, {} kernels, products: {}, load {:.1f}\n", precision,
                    machine.cpu.empty() ? "unknown processor" : machine.cpu, machine.threads, machine.kernels,
                    machine.products, machine.load));
  print_line(format("{:<28}{:>10}{:>10}{:>12}{:>9}\n", "op", "ms", "GFLOP/s", "twin's ms", "ratio"));
}

std::string line_of(const OpCase& op, const OpComparison& found) {
  const std::string rate = op.flops > 0 ? format("{:.0f}", op.flops / found.ours / 1e9) : "";
  return format("{:<28}{:>10.3f}{:>10}{:>12.3f}{:>9.2f}\n", op.op, 1e3 * found.ours, rate, 1e3 * found.twin,
                found.twin / found.ours);
}

Json json_of(const OpCase& op, const char* precision, const OpComparison& found) {
  Json json{{"op", op.op},
            {"precision", precision},
            {"seconds", found.ours},
            {"seconds_median", found.ours_median},
            {"twin_seconds", found.twin},
            {"twin_seconds_median", found.twin_median},
            {"ratio", found.twin / found.ours}};
  if (op.flops > 0) {
    json["flops_per_second"] = op.flops / found.ours;
  }
  return json;
}

}  // namespace

BenchOpsCommand::BenchOpsCommand(CLI::App& parent) {
  app = parent.add_subcommand("ops", "each op of a training step against a plain ATen version of it, on the CPU");
  app->footer(
      "Sizes: hidden 256, ffn 768, 4 heads, 8 sequences of 512 tokens, vocabulary 8192. Both sides run alternately "
      "over\n"
      "the same numbers; times are the best of all calls, the ratio is the plain version's time over the op's.\n"
      "The CPU is measured, also where there is a GPU: for that one `bench train` has a table of ops.");
  app->add_option("--filter", filter_, "only ops with this in their name");
  app->add_option("--precision", precision_, "float32, bfloat16 or both")
      ->check(CLI::IsMember({"float32", "bfloat16", "both"}));
  app->add_option("--threads", threads_, "CPU threads; 0: one a core")->check(CLI::Range(0, 4096));
  app->add_option("--seconds", seconds_, "seconds an op, at least three calls")->check(CLI::Range(0.0, 3600.0));
  app->add_flag("--json", json_, "one JSON object");
}

int BenchOpsCommand::run() {
  const c10::NoGradGuard no_grad;
  at::set_num_threads(cambium::thread_count(threads_));
  std::vector<std::pair<const char*, std::vector<OpCase>>> tables;
  int64_t count = 0;
  for (const auto type : {at::kBFloat16, at::kFloat}) {
    const char* precision = type == at::kFloat ? "float32" : "bfloat16";
    if (precision_ == "both" || precision_ == precision) {
      tables.emplace_back(precision, cambium::bench::op_cases({}, type));
      std::erase_if(tables.back().second, [&](const OpCase& op) { return op.op.find(filter_) == std::string::npos; });
      count += static_cast<int64_t>(tables.back().second.size());
    }
  }
  if (count == 0) {
    cambium::bad_input("--filter: no op has `{}` in its name; without --filter all are measured and named", filter_);
  }
  std::optional<cambium::Progress> progress;  // a table shows by its lines how far it is
  if (json_) {
    progress.emplace("measuring", count, "ops");
  }
  Json results = Json::array();
  for (const auto& [precision, ops] : tables) {
    if (!json_) {
      print_head(cambium::bench::this_machine(precision == std::string_view("bfloat16")), precision);
    }
    for (const OpCase& op : ops) {
      const OpComparison found = cambium::bench::compare(op.make(), seconds_);
      if (json_) {
        results.push_back(json_of(op, precision, found));
        progress->update(static_cast<int64_t>(results.size()));
      } else {
        print_line(line_of(op, found));
      }
    }
  }
  if (json_) {
    progress->finish();
    print(Json{{"ops", results}}.dump(2) + '\n');
  }
  return 0;
}
