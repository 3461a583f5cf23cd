"""Runs cambium and its peers alternately on the same shapes and prints what came out. Called by scripts/bench, which
finds or builds the programs; standard library only."""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PEER = pathlib.Path(__file__).with_name("peer_transformers.py")

# The shapes of docs/performance.md; heads have keys and values of their own, the head is tied to the embedding.
SHAPES = {
    "S1": dict(vocab_size=8192, hidden_size=256, intermediate_size=768, layers=12, heads=4, sequences=8,
               sequence_length=512),
    "S2": dict(vocab_size=16384, hidden_size=512, intermediate_size=1536, layers=8, heads=8, sequences=4,
               sequence_length=512),
    "S3": dict(vocab_size=8192, hidden_size=256, intermediate_size=768, layers=12, heads=4, sequences=2,
               sequence_length=2048),
    "tiny": dict(vocab_size=512, hidden_size=64, intermediate_size=192, layers=2, heads=2, sequences=2,
                 sequence_length=64),
}

# Large tensors stay in the process instead of going back to the system after every step.
TUNED_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
}
PEERS = {
    "eager": ([], {}),
    "compile": (["--compile"], {}),
    "eager-malloc": ([], TUNED_MALLOC),
    "compile-malloc": (["--compile"], TUNED_MALLOC),
}
PRECISIONS = ("bfloat16", "float32")
ENOUGH_PROCESSOR = 0.9


def names_of(choices):
    def parse(text):
        names = [name for name in text.split(",") if name and name != "none"]
        for name in names:
            if name not in choices:
                raise argparse.ArgumentTypeError(f"unknown `{name}`; expected some of {', '.join(choices)}")
        return names

    return parse


def positive(kind):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < 1e6:
            raise argparse.ArgumentTypeError(f"expected a positive number, found `{text}`")
        return value

    return parse


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--cambium", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--python", default="", help=argparse.SUPPRESS)
    parser.add_argument("--shape", type=names_of(SHAPES), default="S1", help=f"some of {','.join(SHAPES)}")
    parser.add_argument("--precision", type=names_of(PRECISIONS), default="bfloat16",
                        help=f"some of {','.join(PRECISIONS)}")
    parser.add_argument("--peers", type=names_of(PEERS), default=",".join(PEERS),
                        help=f"some of {','.join(PEERS)}; none: cambium alone")
    parser.add_argument("--repeats", type=positive(int), default=5, help="rounds; everyone is measured once in each")
    parser.add_argument("--seconds", type=positive(float), default=6, help="of training a repeat")
    parser.add_argument("--threads", type=positive(int), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--nice", type=int, default=0, help="added to the priority of all alike; below 0 needs root")
    parser.add_argument("--out", type=pathlib.Path, default="bench.json", help="all figures, as JSON")
    return parser.parse_args()


def flags(shape):
    return [part for key, value in shape.items() for part in (f"--{key.replace('_', '-')}", str(value))]


class Failed(Exception):
    pass


class Peer:
    """A process that trains when it is told to and waits otherwise."""

    def __init__(self, name, options, shape, precision):
        extra, environment = PEERS[name]
        self.name = name
        self.errors = tempfile.TemporaryFile()
        command = [options.python, str(PEER), "--serve", "--precision", precision, "--threads", str(options.threads)]
        self.process = subprocess.Popen(
            command + flags(shape) + extra,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=os.environ | environment,
        )
        self.about = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace").strip().splitlines()
            raise Failed(f"{self.name} ended with {self.process.returncode}: {said[-1] if said else 'no message'}")
        return json.loads(line)

    def measure(self, seconds):
        self.process.stdin.write(f"measure {seconds}\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()


class Cambium:
    """A process a repeat: it starts within a second."""

    name = "cambium"

    def __init__(self, options, shape, precision):
        self.command = [options.cambium, "bench", "train", "--json", "--precision", precision, "--threads",
                        str(options.threads)] + flags(shape)
        self.about = {}

    def run(self, *extra):
        done = subprocess.run([*self.command, *extra], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"cambium ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def measure(self, seconds):
        found = self.run("--brief", "--repeats", "1", "--seconds", str(seconds))
        self.about = {key: found[key] for key in ("machine", "shape", "precision", "flops_per_token")}
        return found["repeats"][0]

    def end(self):
        pass


def say(text=""):
    print(text, flush=True)


def progress(text):
    print(f"[{datetime.datetime.now():%H:%M:%S}] {text}", file=sys.stderr, flush=True)


def measure(options, name, precision):
    """Everyone in turn, the first of a round another one each time."""
    shape, began = SHAPES[name], time.monotonic()
    runners, failures = [Cambium(options, shape, precision)], {}
    for peer in options.peers:
        progress(f"{name} {precision}: starting {peer}")
        try:
            runners.append(Peer(peer, options, shape, precision))
        except Failed as failure:
            failures[peer] = str(failure)
            progress(str(failure))
    laps = {runner.name: [] for runner in runners}
    try:
        for repeat in range(options.repeats):
            turn = repeat % len(runners)
            for runner in runners[turn:] + runners[:turn]:
                laps[runner.name].append(runner.measure(options.seconds))
            progress(f"{name} {precision}: round {repeat + 1} of {options.repeats}")
    finally:
        for runner in runners:
            runner.end()
    details = runners[0].run("--repeats", "3", "--seconds", str(min(3.0, options.seconds)))
    return {
        "shape": name,
        "sizes": shape,
        "precision": precision,
        "threads": options.threads,
        "programs": {runner.name: {"about": runner.about, "repeats": laps[runner.name]} for runner in runners},
        "failures": failures,
        "cambium_alone": details,
        "seconds": time.monotonic() - began,
    }


def rates(program):
    return [lap["tokens_per_second"] for lap in program["repeats"]]


def print_table(result):
    programs = result["programs"]
    own = rates(programs["cambium"])
    sizes = result["sizes"]
    details = result["cambium_alone"]
    say()
    say(f"### {result['shape']}, {result['precision']}: vocabulary {sizes['vocab_size']}, hidden {sizes['hidden_size']}, "
        f"ffn {sizes['intermediate_size']}, {sizes['layers']} layers, {sizes['heads']} heads, "
        f"{sizes['sequences']} x {sizes['sequence_length']} tokens ({details['shape']['parameters'] / 1e6:.1f} M parameters)")
    say()
    say("| | tokens/s, best | median | lowest | cambium is faster by (best) | by round: median (lowest to highest) |")
    say("| --- | --- | --- | --- | --- | --- |")
    for name, program in programs.items():
        found = rates(program)
        cells = [name, f"{max(found):,.0f}", f"{statistics.median(found):,.0f}", f"{min(found):,.0f}"]
        if name == "cambium":
            cells += ["", ""]
        else:
            ratios = [a / b for a, b in zip(own, found)]
            cells += [f"{max(own) / max(found):.2f}",
                      f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"]
        say(f"| {' | '.join(cells)} |")
    say()
    for name, failure in result["failures"].items():
        say(f"- {name} was not measured: {failure}")
    for name, program in programs.items():
        least = min(lap["cpu_share"] for lap in program["repeats"])
        if least < ENOUGH_PROCESSOR:
            say(f"- {name} had {100 * least:.0f} % of the processors in one round: others were at work, or it waited")
    machine = details["machine"]
    library, training = details["products"]["library"], max([details["tokens_per_second"], *own])
    say(f"- {machine['cpu']}, {machine['threads']} threads, {machine['kernels']} kernels, products: {machine['products']}; "
        f"load before the last measurement {machine['load']:.1f}")
    say(f"- products alone (`at::mm` into buffers that are there): {library['tokens_per_second']:,.0f} tokens/s; training "
        f"reaches {100 * training / library['tokens_per_second']:.0f} % of that bound; "
        f"MFU {100 * training * details['flops_per_token'] / details['peak_flops']:.0f} % "
        f"of {details['peak_flops'] / 1e9:.0f} GFLOP/s")
    shares = sorted(details["ops"], key=lambda op: -op["share"])
    say("- shares of a step: " + ", ".join(f"{op['op']} {100 * op['share']:.0f} %" for op in shares if op["share"] >= 0.01))


def main():
    options = arguments()
    if options.nice:
        try:
            os.nice(options.nice)
        except PermissionError:
            sys.exit(f"error: --nice {options.nice} needs root")
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if load > 0.3 * cores:
        progress(f"load {load:.1f} on {cores} cores: others are at work here, and these figures will not be the machine's")
    results = []
    try:
        for shape in options.shape:
            for precision in options.precision:
                results.append(measure(options, shape, precision))
                print_table(results[-1])
    except Failed as failure:
        sys.exit(f"error: {failure}")
    finally:
        if results:
            options.out.write_text(json.dumps({"date": f"{datetime.datetime.now():%Y-%m-%d %H:%M}", "load": load,
                                               "results": results}, indent=1) + "\n")
            progress(f"all figures: {options.out}")


if __name__ == "__main__":
    main()
