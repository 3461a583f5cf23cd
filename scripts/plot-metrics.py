#!/usr/bin/env python3
"""Draws the losses of runs as an SVG picture, growth events marked.

usage: scripts/plot-metrics.py OUT.svg NAME=RUN_DIR...

Reads metrics.jsonl of each run; needs only Python's standard library.
"""

import json
import math
import sys
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 44, 48
COLOURS = ["#2f6f4e", "#b5651d", "#33608c", "#8c3360"]


def read_run(directory):
    """(steps, training losses), (steps, held-out losses), growth steps with depths."""
    train, held_out, growth = [], [], []
    for line in (Path(directory) / "metrics.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry.get("event") == "growth":
            growth.append((entry["step"], entry["from_layers"], entry["to_layers"]))
        elif "loss" in entry:
            train.append((entry["step"], entry["loss"]))
            if "val_loss" in entry:
                held_out.append((entry["step"], entry["val_loss"]))
    if not train:
        sys.exit(f"{directory}: metrics.jsonl has no losses yet")
    return train, held_out, growth


def ticks(low, high, count):
    """Round numbers between low and high, about `count` of them."""
    raw = (high - low) / count
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 5, 10) if unit * m >= raw)
    first = math.ceil(low / step)
    return [step * i for i in range(first, math.floor(high / step) + 1)]


def draw(runs):
    last_step = max(run[0][-1][0] for run in runs.values())
    losses = [loss for train, held_out, _ in runs.values() for _, loss in train[1:] + held_out]
    low, high = min(losses) - 0.05, max(losses)

    def x(step):
        return LEFT + (WIDTH - LEFT - RIGHT) * step / last_step

    def y(loss):
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - min(loss, high)) / (high - low)

    def line(points, colour, style):
        path = " ".join(f"{x(step):.1f},{y(loss):.1f}" for step, loss in points)
        return f'<polyline points="{path}" fill="none" stroke="{colour}" {style}/>'

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for loss in ticks(low, high, 6):
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(loss):.1f}" y2="{y(loss):.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y(loss) + 4:.1f}" text-anchor="end">{loss:g}</text>')
    for step in ticks(0, last_step, 8):
        out.append(f'<text x="{x(step):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{step:g}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">step</text>')
    out.append(f'<text x="16" y="{HEIGHT / 2}" transform="rotate(-90 16 {HEIGHT / 2})" text-anchor="middle">'
               "loss (nats a token)</text>")
    marked = set()
    for index, (name, (train, held_out, growth)) in enumerate(runs.items()):
        colour = COLOURS[index % len(COLOURS)]
        for step, before, after in growth:
            if (step, before, after) not in marked:
                marked.add((step, before, after))
                out.append(f'<line x1="{x(step):.1f}" x2="{x(step):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" '
                           'stroke="#888" stroke-dasharray="3 3"/>')
                out.append(f'<text x="{x(step) + 4:.1f}" y="{TOP + 12}" fill="#555">{before} → {after} layers</text>')
        out.append(line(train, colour, 'stroke-width="1" opacity="0.35"'))
        if held_out:
            out.append(line(held_out, colour, 'stroke-width="2.2"'))
        label = escape(name) + (": held-out, pale: training" if len(runs) == 1 and held_out else "")
        out.append(f'<text x="{LEFT + 150 * index}" y="24" fill="{colour}" font-weight="bold">{label}</text>')
    return "\n".join(out + ["</svg>", ""])


def main(arguments):
    if len(arguments) < 2 or "-h" in arguments or "--help" in arguments or not all("=" in a for a in arguments[1:]):
        sys.exit(__doc__.strip())
    runs = {name: read_run(directory) for name, directory in (a.split("=", 1) for a in arguments[1:])}
    Path(arguments[0]).write_text(draw(runs))


if __name__ == "__main__":
    main(sys.argv[1:])
