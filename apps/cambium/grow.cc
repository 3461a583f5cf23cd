#include <cstdio>
#include <string>
#include <vector>

#include "apps/cambium/model_dir.h"
#include "apps/cambium/options.h"
#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/growth/operator.h"
#include "cambium/train/grow_directory.h"

namespace {

using cambium::growth::GrowthEvent;

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void print_growths(const std::string& out, const std::vector<GrowthEvent>& events, bool with_state) {
  for (const GrowthEvent& event : events) {
    print(cambium::format("{}: {} -> {} layers, copies of {} inserted at {}\n", event.op, event.from_layers,
                          event.to_layers, fmt::join(event.growth.sources, ", "), event.growth.insert_at));
  }
  print(cambium::format("layers by the one they come from: {}\n",
                        fmt::join(cambium::growth::lineage(events.front().from_layers, events), " ")));
  print(cambium::format("{}: {}\n", out, with_state ? "a checkpoint, optimizer state included" : "a model"));
}

}  // namespace

int grow_main(int argc, char** argv) {
  CLI::App app("Applies a growth operator to a model: copies layers, with the optimizer state where there is one.");
  cambium::train::GrowRequest request;
  std::string model, out;
  bool list = false;
  app.add_option("MODEL", model, "Model directory, or a run's: its newest checkpoint")->type_name("DIR");
  app.add_option("--operator", request.op, "Growth operator; --list names them")->type_name("NAME");
  CLI::Option* block = app.add_option("--block-size", request.block_size, "Layers that a growth adds")
                           ->type_name("B")
                           ->always_capture_default(false)
                           ->default_str("");
  app.add_option("--times", request.times, "Growths, one right after the other")->check(CLI::Range(1, 1024));
  app.add_option("--moments", request.moments, "Optimizer state of the new layers: copy (their sources') or zero")
      ->check(CLI::IsMember({"copy", "zero"}));
  app.add_option("--out", out, "Directory to make; must not exist")->type_name("DIR");
  app.add_flag("--list", list, "Name the operators");
  if (const auto exit_code = parse_options(app, argc, argv)) {
    return *exit_code;
  }
  if (list) {
    for (const std::string& name : cambium::growth::operator_names()) {
      print(name + "\n");
    }
    return 0;
  }
  if (model.empty() || request.op.empty() || block->count() == 0 || out.empty()) {
    cambium::bad_input("grow: MODEL, --operator, --block-size and --out are required");
  }
  const std::filesystem::path from = open_model_directory(model);
  print_growths(out, cambium::train::grow_directory(from, out, request), is_checkpoint(from));
  return 0;
}
