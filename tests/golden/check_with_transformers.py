"""Does transformers load a directory that cambium wrote, and compute what `cambium score` computes?

    python check_with_transformers.py PATH/TO/cambium DIRECTORY...

Needs the reference environment of README.md; no part of the automatic tests. Exits with 1 at the first difference."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM

from reference import log_probs, logits_of, random_ids


def check(binary, directory, tolerance):
    model, report = AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    odd = {key: sorted(map(str, names)) for key, names in report.items() if names}
    if odd:
        sys.exit(f"{directory}: transformers loads it with {odd}")
    limit = model.config.max_position_embeddings
    lengths = sorted({1, 2, min(17, limit), min(limit, 100), min(limit, 512)})
    sequences = [random_ids(model.config.vocab_size, n, 9000 + n) for n in lengths]
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = pathlib.Path(folder, "ids.jsonl"), pathlib.Path(folder, "scores.jsonl")
        asked.write_text("".join(json.dumps({"ids": ids}) + "\n" for ids in sequences))
        subprocess.run(
            [binary, "score", directory, "--input", asked, "--out", answered], check=True, stdout=subprocess.DEVNULL
        )
        lines = [json.loads(line) for line in answered.read_text().splitlines()]
    worst = 0.0
    for ids, line in zip(sequences, lines, strict=True):
        expected = log_probs(logits_of(model, ids), ids)
        assert line["ids"] == ids and line["logprobs"][0] is None and len(line["logprobs"]) == len(ids), line
        worst = max([worst] + [abs(a - b) for a, b in zip(line["logprobs"][1:], expected[1:], strict=True)])
    layers, tied = model.config.num_hidden_layers, model.config.tie_word_embeddings
    head = "tied" if tied else "untied"
    print(f"{directory}: {layers} layers, {head}, largest difference of a log-probability {worst:.1e}")
    if worst > tolerance:
        sys.exit(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("directory", nargs="+")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    options = parser.parse_args()
    for name in options.directory:
        check(options.binary, name, options.tolerance)
