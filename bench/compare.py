"""Runs cambium and its peers alternately on the same shapes and prints what came out. Called by scripts/bench, which
finds or builds the programs; standard library only."""

import argparse
import datetime
import json
import os
import pathlib
import sys
import time

from runners import Cambium, Failed, Peer
from shapes import DEFAULT_PEERS, DEFAULT_SHAPES, DEVICES, PEERS, PRECISIONS, RECOMPUTE, SHAPES, settings_of
from tables import print_table


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
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument("--shape", type=names_of(SHAPES), default=argparse.SUPPRESS,
                        help=f"some of {','.join(SHAPES)} (default: {DEFAULT_SHAPES['cpu']}; on a GPU {DEFAULT_SHAPES['cuda']})")
    parser.add_argument("--precision", type=names_of(PRECISIONS), default="bfloat16",
                        help=f"some of {','.join(PRECISIONS)}")
    parser.add_argument("--peers", type=names_of(PEERS), default=argparse.SUPPRESS,
                        help=f"some of {','.join(PEERS)}; none: cambium alone (default: all; on a GPU {DEFAULT_PEERS['cuda']})")
    parser.add_argument("--micro-batch", type=positive(int), default=argparse.SUPPRESS,
                        help="sequences of a forward pass, of everyone (default: all of a step)")
    parser.add_argument("--recompute", choices=RECOMPUTE, default=argparse.SUPPRESS,
                        help="cambium's train.recompute (default: none; for 1.7b selective)")
    parser.add_argument("--repeats", type=positive(int), default=5, help="rounds; everyone is measured once in each")
    parser.add_argument("--seconds", type=positive(float), default=6, help="of training a repeat")
    parser.add_argument("--threads", type=positive(int), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--nice", type=int, default=0, help="added to the priority of all alike; below 0 needs root")
    parser.add_argument("--out", type=pathlib.Path, default="bench.json", help="all figures, as JSON")
    options = parser.parse_args()
    options.shape = getattr(options, "shape", DEFAULT_SHAPES[options.device].split(","))
    options.peers = getattr(options, "peers", DEFAULT_PEERS[options.device].split(","))
    options.micro_batch = getattr(options, "micro_batch", None)
    options.recompute = getattr(options, "recompute", None)
    for name in options.shape:
        if options.micro_batch and SHAPES[name]["sequences"] % options.micro_batch != 0:
            parser.error(f"--micro-batch: {name} has {SHAPES[name]['sequences']} sequences a step, which is no multiple "
                         f"of {options.micro_batch}")
    return options


def say(text=""):
    print(text, flush=True)


def progress(text):
    print(f"[{datetime.datetime.now():%H:%M:%S}] {text}", file=sys.stderr, flush=True)


def measure(options, name, precision):
    """Everyone in turn, the first of a round another one each time."""
    shape, settings, began = SHAPES[name], settings_of(name, options), time.monotonic()
    runners, failures = [Cambium(options, shape, settings, precision)], {}
    for peer in options.peers:
        progress(f"{name} {precision}: starting {peer}")
        try:
            runners.append(Peer(peer, options, shape, settings, precision))
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
        "settings": settings,
        "precision": precision,
        "threads": options.threads,
        "programs": {runner.name: {"about": runner.about, "repeats": laps[runner.name]} for runner in runners},
        "failures": failures,
        "cambium_alone": details,
        "seconds": time.monotonic() - began,
    }


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
                print_table(results[-1], say)
    except Failed as failure:
        sys.exit(f"error: {failure}")
    finally:
        if results:
            options.out.write_text(json.dumps({"date": f"{datetime.datetime.now():%Y-%m-%d %H:%M}", "load": load,
                                               "results": results}, indent=1) + "\n")
            progress(f"all figures: {options.out}")


if __name__ == "__main__":
    main()
