#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "apps/cambium/lines.h"
#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/base/text.h"
#include "cambium/growth/operator.h"
#include "cambium/train/grow_directory.h"

namespace {

using cambium::format;
using cambium::growth::GrowthEvent;
using cambium::train::GrowthRecord;

constexpr std::string_view kSymmetrize = "symmetrize";

/// One operator a line, its name first; then a picture each.
void print_operators() {
  for (const cambium::growth::Operator& op : cambium::growth::operators()) {
    print(format("{:<14} {}\n", op.name, op.sentence));
  }
  print(format("{:<14} copies of the layers --sources, inserted at --insert-at\n", cambium::growth::kExplicit));
  print(
      format("{:<14} no growth: moves mirror-image blocks towards their mean (--strength, --control)\n", kSymmetrize));
  print("\n8 layers after one growth with blocks of 4; new layers in brackets:\n");
  for (const cambium::growth::Operator& op : cambium::growth::operators()) {
    print(format("{:<14} {}\n", op.name, op.picture));
  }
}

/// Says what else there is where no operator has that name.
void check_operator(const std::string& name) {
  std::vector<std::string> known = cambium::growth::operator_names();
  known.emplace_back(cambium::growth::kExplicit);
  known.emplace_back(kSymmetrize);
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    cambium::bad_input("--operator: unknown growth operator `{}`{} (known: {})", name,
                       cambium::did_you_mean(name, known), cambium::join(known, ", "));
  }
}

std::string kind_of(const std::filesystem::path& from) {
  return is_checkpoint(from) ? "a checkpoint, optimizer state included" : "a model";
}

void print_growths(const std::vector<GrowthRecord>& records) {
  std::vector<GrowthEvent> events;
  for (const GrowthRecord& record : records) {
    print(describe(record) + "\n");
    events.push_back(record.event);
  }
  std::vector<std::string> ancestors;
  for (const int layer : cambium::growth::lineage(events.front().from_layers, events)) {
    ancestors.push_back(layer == cambium::growth::kNoSource ? "*" : std::to_string(layer));
  }
  print(format("layers by the one they come from: {}\n", fmt::join(ancestors, " ")));
}

void print_symmetrized(const cambium::growth::SymmetrizeEvent& event) {
  std::vector<std::string> pairs;
  for (const auto& [one, other] : event.pairs) {
    pairs.push_back(format("{}-{}", one, other));
  }
  print(format("symmetrize: blocks of {}, pairs {}, strength {}, control {}\n", event.block_size, fmt::join(pairs, " "),
               event.how.strength, event.how.control));
}

}  // namespace

int grow_main(int argc, char** argv) {
  CLI::App app("Applies a growth operator to a model: copies layers, with the optimizer state where there is one.");
  cambium::train::GrowRequest request;
  cambium::growth::Symmetrize symmetrize;
  std::string model, out;
  uint64_t seed = 0;
  bool list = false;
  app.add_option("MODEL", model, "Model directory, or a run's: its newest checkpoint")->type_name("DIR");
  app.add_option("--operator", request.op, "Growth operator; --list names them")->type_name("NAME");
  CLI::Option* block = app.add_option("--block-size", request.block_size, "Layers that a growth adds")
                           ->type_name("B")
                           ->always_capture_default(false)
                           ->default_str("");
  app.add_option("--times", request.times, "Growths, one right after the other")->check(CLI::Range(1, 1024));
  app.add_option("--out", out, "Directory to make; must not exist")->type_name("DIR");
  app.add_flag("--list", list, "Name and picture the operators");
  app.add_option("--moments", request.policy.moments,
                 "Optimizer state of the new layers: copy (their sources'), zero, or copy_reset_step (with bias "
                 "correction as at the first step)")
      ->check(CLI::IsMember({"copy", "zero", "copy_reset_step"}))
      ->group("New layers");
  app.add_option("--noise", request.policy.noise, "Noise on their matrices, relative to each one's root mean square")
      ->check(CLI::NonNegativeNumber)
      ->group("New layers");
  app.add_option("--output-scale", request.policy.output_scale, "Factor of their o_proj and down_proj")
      ->check(CLI::NonNegativeNumber)
      ->group("New layers");
  app.add_option("--init-std", request.policy.init_std, "Of layers drawn anew; 0: 1/sqrt(hidden_size)")
      ->check(CLI::NonNegativeNumber)
      ->group("New layers");
  CLI::Option* seed_option = app.add_option("--seed", seed, "Of what is drawn; default: the checkpoint's, else 1")
                                 ->always_capture_default(false)
                                 ->default_str("")
                                 ->group("New layers");
  CLI::Option* sources = app.add_option("--sources", request.sources, "Layers to copy, for example 2,3,4,5")
                             ->delimiter(',')
                             ->type_name("LAYERS")
                             ->group("Operator explicit");
  CLI::Option* insert_at = app.add_option("--insert-at", request.insert_at, "Index of the first copy")
                               ->always_capture_default(false)
                               ->default_str("")
                               ->group("Operator explicit");
  app.add_option("--strength", symmetrize.strength, "How far paired blocks move towards their mean")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Operator symmetrize");
  app.add_option("--control", symmetrize.control,
                 "none; unmatched: pairs that are no mirror images; random: as far in a drawn direction")
      ->check(CLI::IsMember(cambium::growth::symmetrize_controls()))
      ->group("Operator symmetrize");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  if (list) {
    print_operators();
    return 0;
  }
  if (model.empty() || request.op.empty() || out.empty()) {
    cambium::bad_input("grow: MODEL, --operator, --block-size and --out are required");
  }
  check_operator(request.op);
  const bool is_explicit = request.op == cambium::growth::kExplicit, is_symmetrize = request.op == kSymmetrize;
  if (is_explicit && (sources->count() == 0 || insert_at->count() == 0 || request.times != 1)) {
    cambium::bad_input("grow: operator explicit needs --sources and --insert-at, and grows once");
  }
  if (!is_explicit && block->count() == 0 && (is_symmetrize || !cambium::growth::find_operator(request.op).doubles)) {
    cambium::bad_input("grow: MODEL, --operator, --block-size and --out are required");
  }
  if (seed_option->count() > 0) {
    request.seed = seed;
  }
  const std::filesystem::path from = open_model_directory(model);
  if (is_symmetrize) {
    print_symmetrized(cambium::train::symmetrize_directory(
        from, out, {.block_size = request.block_size, .how = symmetrize, .seed = request.seed}));
  } else {
    print_growths(cambium::train::grow_directory(from, out, request));
  }
  print(format("{}: {}\n", out, kind_of(from)));
  return 0;
}
