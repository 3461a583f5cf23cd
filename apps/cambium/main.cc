#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cambium/verbs.h"
#include "cambium/base/error.h"
#include "cambium/base/text.h"

namespace {

struct Verb {
  std::string_view name;
  std::string_view does;
  int (*run)(int argc, char** argv);
};

constexpr Verb kVerbs[] = {
    {"analyze", "find out how a model uses its depth", analyze_main},
    {"bench", "measure this machine: training, and each op", bench_main},
    {"convert", "make a portable Hugging Face directory of a model", convert_main},
    {"data", "prepare text as tokens; make synthetic data; look into datasets", data_main},
    {"eval", "score a model on benchmark tasks", eval_main},
    {"generate", "continue a prompt", generate_main},
    {"grow", "apply a growth operator to a model", grow_main},
    {"inspect", "what a checkpoint, model, dataset or run is", inspect_main},
    {"lens", "train tuned lenses, which read a model between its layers", lens_main},
    {"plan", "explain a run before its first step", plan_main},
    {"quickstart", "train and compare three small models on built-in text", quickstart_main},
    {"report", "one page from runs, evaluations and analyses", report_main},
    {"score", "log-probability of every token of texts", score_main},
    {"study", "run a whole experiment: data, runs, evaluations, analyses, page", study_main},
    {"tokenizer", "train a tokenizer; turn text into ids and back", tokenizer_main},
    {"train", "train a model, growing it on the way", train_main},
};

void print_usage(std::FILE* out) {
  std::fputs(
      "Cambium trains language models whose depth grows, and finds out whether they use it.\n\n"
      "usage: cambium <command> [options] [arguments]\n\ncommands:\n",
      out);
  for (const Verb& verb : kVerbs) {
    std::fprintf(out, "  %-12s %s\n", std::string(verb.name).c_str(), std::string(verb.does).c_str());
  }
  std::fputs(
      "\n`cambium <command> --help` explains a command. Exit codes: 0 done, 1 failed while running,\n"
      "2 bad usage, configuration or input, 3 stopped on a signal after saving.\n",
      out);
}

int code(cambium::ExitCode exit_code) { return static_cast<int>(exit_code); }

/// Runs a verb and turns what it throws into a message and an exit code.
int run_guarded(const Verb& verb, int argc, char** argv) {
  try {
    return verb.run(argc, argv);
  } catch (const cambium::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return code(error.exit_code());
  } catch (const std::bad_alloc&) {
    std::fputs("error: out of memory\n", stderr);
    return code(cambium::ExitCode::kFailed);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return code(cambium::ExitCode::kFailed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A file that may not grow further is an error like a full disk, not a reason to die.
  std::signal(SIGXFSZ, SIG_IGN);
  // LibTorch then asks the kernel for huge pages where tensors are large: several percent of a training step.
  setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
  const std::string_view name = argc > 1 ? argv[1] : "--help";
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(argc > 1 ? stdout : stderr);
    return argc > 1 ? code(cambium::ExitCode::kDone) : code(cambium::ExitCode::kBadInput);
  }
  if (name == "--version") {
    std::puts("cambium " CAMBIUM_VERSION);
    return code(cambium::ExitCode::kDone);
  }
  std::vector<std::string> names;
  for (const Verb& verb : kVerbs) {
    if (verb.name == name) {
      std::string program = "cambium " + std::string(verb.name);
      argv[1] = program.data();
      return run_guarded(verb, argc - 1, argv + 1);
    }
    names.emplace_back(verb.name);
  }
  std::fprintf(stderr, "error: unknown command `%s`%s; `cambium --help` lists the commands\n", argv[1],
               cambium::did_you_mean(name, names).c_str());
  return code(cambium::ExitCode::kBadInput);
}
