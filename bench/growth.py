"""Does growing pay in seconds what it saves in FLOPs? Trains the same model on the same tokens at full depth and growing
(LIDAS, PROP-1), in turn, and compares the ratio of their seconds with the ratio of their FLOPs that `cambium plan` states.
Also tells how long a growth takes beside a step. Standard library only; data is generated.

    python3 bench/growth.py [--cambium build/cambium] [--layers 24] [--steps 120] ...
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

RUNS = {"full depth": "none", "grown": "lidas"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--cambium", type=pathlib.Path, default=pathlib.Path(__file__).parents[1] / "build" / "cambium")
    for name, value in dict(layers=24, block_size=4, hidden_size=128, intermediate_size=384, heads=4, vocab_size=1024,
                            sequence_length=256, batch_tokens=4096, steps=126, repeats=3, threads=0).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--out", type=pathlib.Path, help="all figures, as JSON")
    return parser.parse_args()


def run(options, *arguments):
    done = subprocess.run([options.cambium, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"error: cambium {arguments[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def configuration(options, folder):
    return f"""
[run]
dir = "{folder}/run"
device = "{options.device}"
precision = "{options.precision}"
threads = {options.threads}
[model]
vocab_size = {options.vocab_size}
hidden_size = {options.hidden_size}
intermediate_size = {options.intermediate_size}
num_attention_heads = {options.heads}
num_hidden_layers = {options.layers}
tie_word_embeddings = true
[growth]
block_size = {options.block_size}
schedule = "prop"
alpha = 1
steps = {options.steps}
[train]
steps = {options.steps}
schedule = "constant"
sequence_length = {options.sequence_length}
batch_tokens = {options.batch_tokens}
[checkpoint]
keep_growth = false
[log]
every = 1
tensorboard = false
[[data.source]]
path = "{folder}/tokens"
"""


def prepare(options, folder):
    """Enough made-up text for a few windows; a run goes round it as often as it needs."""
    run(options, "data", "synth", "--task", "copy", "--count", 2000, "--out", folder / "text.jsonl")
    run(options, "tokenizer", "train", folder / "text.jsonl", "--vocab-size", options.vocab_size, "--out",
        folder / "tokenizer.json")
    run(options, "data", "prepare", folder / "text.jsonl", "--tokenizer", folder / "tokenizer.json", "--out",
        folder / "tokens", "--val-fraction", 0)
    (folder / "run.toml").write_text(configuration(options, folder))


def train(options, folder, operator):
    """Seconds of the whole run without its start, of a step at full depth, and of each growth."""
    run(options, "train", folder / "run.toml", "--set", f"growth.operator={operator}", "--resume", "never")
    lines = [json.loads(line) for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "loss" in line]
    tail = [options.batch_tokens / line["tokens_per_second"] for line in steps if line["layers"] == options.layers]
    growths = [line["seconds"] for line in lines if line.get("event") == "growth"]
    return {"seconds": steps[-1]["seconds"], "step": statistics.median(tail), "growths": growths}


def main():
    options = arguments()
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if load > 0.3 * cores:
        print(f"load {load:.1f} on {cores} cores: others are at work here, and these figures will not be the machine's",
              file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(options, folder)
        plan = json.loads(run(options, "plan", folder / "run.toml", "--set", "growth.operator=lidas", "--json"))
        rounds = []
        for repeat in range(options.repeats):
            order = list(RUNS.items())[:: 1 if repeat % 2 == 0 else -1]
            rounds.append({what: train(options, folder, operator) for what, operator in order})
    flops = plan["flops_ratio"]
    seconds = [found["full depth"]["seconds"] / found["grown"]["seconds"] for found in rounds]
    best = min(found["full depth"]["seconds"] for found in rounds) / min(found["grown"]["seconds"] for found in rounds)
    growths = [time for found in rounds for time in found["grown"]["growths"]]
    step = min(found["grown"]["step"] for found in rounds)
    print(f"{options.layers} layers of {options.hidden_size}, {options.steps} steps of {options.batch_tokens} tokens, "
          f"LIDAS by {options.block_size}, PROP-1")
    print(f"FLOPs, full depth over grown    {flops:.3f}")
    print(f"seconds, full depth over grown  {best:.3f} by the best of each; by round "
          f"{statistics.median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f})")
    print(f"seconds over FLOPs              {best / flops:.3f} by the best; by round "
          f"{statistics.median(seconds) / flops:.3f} ({min(seconds) / flops:.3f} to {max(seconds) / flops:.3f})")
    print(f"a growth                        {1e3 * statistics.median(growths):.1f} ms (at most {1e3 * max(growths):.1f}); "
          f"a step at full depth {1e3 * step:.1f} ms")
    if options.out:
        options.out.write_text(json.dumps({"flops_ratio": flops, "rounds": rounds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
